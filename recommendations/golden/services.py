"""The door of golden pairs: the next question, an answer, taking it back, and how far staff are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from catalog.models import Product
from recommendations.golden.pair import GoldenJudgement, GoldenPair
from recommendations.golden.picking import AGREEMENT, pick_pair

SALT = "recommendations.golden"
GONE = gettext_noop("One of the two products is gone: here is the next pair.")
Grade = GoldenJudgement.Grade


class UnknownPair(Exception):
    """What was answered is no pair that this page asked about, or one of its products is gone. The message says so."""


@dataclass(frozen=True)
class Question:
    """Two products to be judged. The token names them, and why they were picked: who answers does not see that."""

    left: Product
    right: Product
    token: str

    @property
    def sides(self) -> tuple[Product, Product]:
        return self.left, self.right


@dataclass(frozen=True)
class Answered:
    """What one of the staff said last, shown once they have said it."""

    judgement: GoldenJudgement
    others: tuple[str, ...]  # what others said of the pair, in words


@dataclass(frozen=True)
class Progress:
    """How much one of the staff has judged, and how much everybody has."""

    own: int
    today: int
    pairs: int
    needed: int  # pairs that the gate of promotions takes

    @property
    def percent(self) -> int:
        return min(100, 100 * self.pairs // max(self.needed, 1))


def next_question(user: User) -> Question | None:
    """Return what to ask next, the same until it is answered; None where there is nothing to ask."""
    answered = GoldenJudgement.objects.filter(user=user).count()
    picked = pick_pair(user, seed=f"{user.pk}:{answered}")
    return _make_question(picked.left_id, picked.right_id, origin=picked.origin) if picked else None


def ask_again(pair: GoldenPair) -> str:
    """Return the token of a question about a pair that is known."""
    return signing.dumps([pair.first_id, pair.second_id, pair.origin], salt=SALT)


def find_question(token: str) -> Question:
    """Return the question that a token names. Raises UnknownPair."""
    left_id, right_id, origin = _read_token(token)
    question = _make_question(left_id, right_id, origin=origin)
    if question is None:
        raise UnknownPair(gettext(GONE))
    return question


def answer(user: User, *, token: str, grade: int | None) -> GoldenJudgement:
    """Keep what `user` says of the pair that `token` names; without a grade they pass it over. A later answer counts.

    Raises UnknownPair.
    """
    left_id, right_id, origin = _read_token(token)
    first_id, second_id = sorted((left_id, right_id))
    with transaction.atomic():
        # Kept from being deleted until the pair is stored.
        products = Product.objects.select_for_update(no_key=True).filter(pk__in=[first_id, second_id])
        if len(products.order_by("pk")) < 2:
            raise UnknownPair(gettext("One of the two products is gone: here is the next pair."))
        made = {"origin": GoldenPair.Origin.CHANCE if origin == AGREEMENT else origin}
        pair, _ = GoldenPair.objects.get_or_create(first_id=first_id, second_id=second_id, defaults=made)
        judgement, _ = GoldenJudgement.objects.update_or_create(
            pair=pair, user=user, defaults={"grade": grade, "judged_at": timezone.now()}
        )
    return judgement


def undo_last(user: User) -> str | None:
    """Forget what `user` said last, and return the token of the question; None where there is nothing to take back.

    A pair that nobody else was asked about goes too, unless it came with a file and waits for an answer.
    """
    with transaction.atomic():
        last = GoldenJudgement.objects.filter(user=user).select_for_update(of=["self"]).select_related("pair").first()
        if last is None:
            return None
        token = ask_again(last.pair)
        last.delete()
        if last.pair.origin != GoldenPair.Origin.IMPORTED and not last.pair.judgements.exists():
            last.pair.delete()
    return token


def find_last(user: User) -> Answered | None:
    """Return what `user` said last, with what others say of that pair."""
    products = ("pair__first", "pair__second")
    last = GoldenJudgement.objects.filter(user=user).select_related(*products).first()
    if last is None:
        return None
    others = last.pair.judgements.exclude(user=user).filter(grade__isnull=False).order_by("-grade")
    return Answered(last, tuple(str(one.get_grade_display()) for one in others))


def read_progress(user: User) -> Progress:
    """Return how far they are. Days begin at the shop's midnight."""
    given = GoldenJudgement.objects.filter(user=user, grade__isnull=False)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return Progress(
        own=given.count(),
        today=given.filter(judged_at__gte=midnight, judged_at__lt=midnight + timedelta(days=1)).count(),
        pairs=GoldenPair.objects.judged().values("pk").distinct().count(),
        needed=settings.KINDRED_PROMOTION_PAIRS,
    )


def _make_question(left_id: int, right_id: int, *, origin: str) -> Question | None:
    products = Product.objects.for_cards().in_bulk([left_id, right_id])
    if len(products) < 2:
        return None
    token = signing.dumps([left_id, right_id, origin], salt=SALT)
    return Question(left=products[left_id], right=products[right_id], token=token)


def _read_token(token: str) -> tuple[int, int, str]:
    """Return the ids of a pair as it was shown, left and right, and its origin. Raises UnknownPair."""
    try:
        left_id, right_id, origin = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise UnknownPair(gettext("That pair was asked about elsewhere: here is the next one.")) from error
    return left_id, right_id, origin
