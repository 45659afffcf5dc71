"""Golden pairs for tests, by sku."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from catalog.models import Product
from recommendations.models import GoldenJudgement, GoldenPair


def make_user(name: str = "anna") -> User:
    return User.objects.get_or_create(username=name, defaults={"is_staff": True})[0]


def make_pair(one: str, other: str, *, origin: str = "chance") -> GoldenPair:
    first, second = sorted(Product.objects.get(sku=sku).pk for sku in (one, other))
    return GoldenPair.objects.get_or_create(first_id=first, second_id=second, defaults={"origin": origin})[0]


def judge(one: str, other: str, *grades: int | None, at: datetime | None = None, by: str = "") -> GoldenPair:
    """Have as many people grade a pair as there are grades: anna the first, ben the second, and so on; or `by`."""
    pair = make_pair(one, other)
    for name, grade in zip([by] if by else ["anna", "ben", "cleo", "dora"], grades, strict=False):
        GoldenJudgement.objects.create(pair=pair, user=make_user(name), grade=grade, judged_at=at or timezone.now())
    return pair
