"""How far staff agree about golden pairs: all together, two by two, and where they do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from django.db.models import Count, F, Max, Min, QuerySet

from recommendations.evaluation.intervals import Estimate
from recommendations.golden.agreement import cohens_kappa, count_grades, estimate_alpha
from recommendations.golden.judging import MAX_PAIRS
from recommendations.golden.pair import GoldenJudgement, GoldenPair

MAX_PEOPLE = 8  # who are compared two by two: those who have judged most


@dataclass(frozen=True)
class Person:
    """One of the staff, and how many pairs they have given a grade."""

    user_id: int
    name: str
    pair_count: int


@dataclass(frozen=True)
class Two:
    """Two of the staff: Cohen's kappa on the pairs that both have judged, NaN where both said one thing alone."""

    first: str
    second: str
    pair_count: int
    same_count: int
    kappa: float


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's alpha of all, over the pairs that several have judged; who they are; and each two of them."""

    alpha: Estimate
    people: tuple[Person, ...]
    twos: tuple[Two, ...]


def read_agreement() -> Agreement:
    """Return how far staff agree, on the newest pairs that several have judged."""
    several = GoldenPair.objects.annotate(count=Count("judgements__grade")).filter(count__gt=1).order_by("-pk")
    given = GoldenJudgement.objects.filter(grade__isnull=False, pair__in=several.values("pk")[:MAX_PAIRS])
    by_pair: dict[int, dict[int | None, int]] = defaultdict(dict)
    lists: dict[int, list[int]] = defaultdict(list)  # also of those who have left, of whom no name is known
    for pair_id, user_id, grade in given.order_by("pk").values_list("pair_id", "user_id", "grade"):
        if grade is not None:
            by_pair[pair_id][user_id] = grade
            lists[pair_id].append(grade)
    people = list_people()
    return Agreement(
        alpha=estimate_alpha(count_grades(list(lists.values()), grade_count=len(GoldenJudgement.Grade))),
        people=people,
        twos=tuple(_compare_two_by_two(people, list(by_pair.values()))),
    )


def list_people() -> tuple[Person, ...]:
    """Return who has judged most."""
    given = GoldenJudgement.objects.filter(grade__isnull=False, user__isnull=False).order_by()
    rows = given.values_list("user_id", "user__username").annotate(count=Count("pk")).order_by("-count", "user_id")
    return tuple(Person(user_id, name, count) for user_id, name, count in rows[:MAX_PEOPLE] if user_id is not None)


def find_disputed() -> QuerySet[GoldenPair]:
    """Return the pairs that were given different grades, those that lie furthest apart first."""
    spread = Max("judgements__grade") - Min("judgements__grade")
    disputed = GoldenPair.objects.with_grades().annotate(spread=spread).filter(spread__gt=0)
    shown = disputed.select_related("first", "second").prefetch_related(
        "judgements__user", "first__images", "second__images"
    )
    return shown.order_by(F("spread").desc(), "-pk")


def _compare_two_by_two(people: Sequence[Person], pairs: Sequence[Mapping[int | None, int]]) -> list[Two]:
    compared = []
    for one, other in combinations(people, 2):
        both = [
            (given[one.user_id], given[other.user_id]) for given in pairs if {one.user_id, other.user_id} <= set(given)
        ]
        if both:
            first, second = zip(*both, strict=True)
            same = sum(left == right for left, right in both)
            compared.append(Two(one.name, other.name, len(both), same, cohens_kappa(first, second)))
    return compared
