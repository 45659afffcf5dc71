"""The blind test: two unlabelled lists of one product, and what was said of them.

Which list is on the left is a coin for each person and product, made from the shop's secret: the page, its address and
the form's token say nothing of it, and nobody has to remember it. So whoever sees no difference votes for either space
with chance one half, whatever came before: that is what `evidence` measures votes against.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Count
from django.utils.crypto import salted_hmac

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.spaces_desk.blind_vote import BlindVote
from recommendations.spaces_desk.evidence import Evidence, weigh_votes
from recommendations.spaces_desk.services import Pair, Row, compare_lists, sample_products

Choice = BlindVote.Choice
SALT = "recommendations.blind-test"
LOOKED_AT = 12  # products, until their lists differ: 24 lists, 0.3 s
DRAWN = 36  # of these, categories that were asked about least come first
ANSWERS = ("left", "right", "tie", "skip")


class StaleQuestion(ValueError):
    """What was answered is not a question of this person about this pair."""


@dataclass(frozen=True)
class Question:
    """Two lists of a product, by side; `token` names it and tells nobody whose list is where."""

    row: Row  # its left is what is shown on the left
    token: str

    @property
    def product(self) -> Product:
        return self.row.product


@dataclass(frozen=True)
class StaffTally:
    """What one member of staff said."""

    name: str
    first: int
    second: int
    ties: int
    skips: int


@dataclass(frozen=True)
class BlindResult:
    """What all have said of two spaces, `first` and `second` by name."""

    first: str
    second: str
    ties: int
    skips: int
    evidence: Evidence
    by_staff: tuple[StaffTally, ...]

    @property
    def votes(self) -> int:
        return self.evidence.first + self.evidence.second + self.ties


def order_pair(pair: Pair) -> tuple[EmbeddingSpace, EmbeddingSpace]:
    """Return the two in the order in which votes name them."""
    first, second = sorted((pair.left, pair.right), key=lambda space: space.name)
    return first, second


def read_votes(pair: Pair) -> Any:
    """Return the votes on these two spaces: those on others that had their names before do not count."""
    first, second = order_pair(pair)
    since: datetime = max(first.created_at, second.created_at)
    return BlindVote.objects.filter(first=first.name, second=second.name, made_at__gte=since)


def ask_question(pair: Pair, *, user: Any, further: int = 0) -> Question | None:
    """Return the next question: a product whose lists differ and that this person has not been asked about.

    Products of categories that were asked about least come first. None where of a dozen products no lists differ:
    `further` looks at others.
    """
    answered = set(read_votes(pair).filter(user=user).values_list("product_id", flat=True))
    drawn = sample_products(DRAWN, seed=seed_of(user, question=len(answered) + further))
    fresh = [product for product in drawn if product.pk not in answered]
    for product in mix_categories(fresh, asked=answered)[:LOOKED_AT]:
        row = compare_lists(show_sides(pair, product, user=user), product)
        if row.differs:
            return Question(row, sign_question(pair, product, user=user))
    return None


def seed_of(user: Any, *, question: int) -> int:
    """Return what products are drawn by: others for each person and each question."""
    return int(user.pk) * 1_000_003 + question


def mix_categories(products: Iterable[Product], *, asked: Iterable[int]) -> list[Product]:
    """Return the products, those of categories that were asked about least often first; else as they come."""
    counts: Counter[int | None] = Counter(
        Product.objects.filter(pk__in=list(asked)[:1000]).values_list("category_id", flat=True)
    )
    return sorted(products, key=lambda product: counts[product.category_id])


def show_sides(pair: Pair, product: Product, *, user: Any) -> Pair:
    """Return the pair with that space on the left whose list this person sees on the left."""
    first, second = order_pair(pair)
    return Pair(first, second) if is_first_left(pair, product.pk, user=user) else Pair(second, first)


def is_first_left(pair: Pair, product_id: int, *, user: Any) -> bool:
    """Toss the coin: the same whenever it is tossed for this person, product and pair, and known to nobody outside."""
    first, second = order_pair(pair)
    tossed = salted_hmac(f"{SALT}.side", repr((first.pk, second.pk, product_id, user.pk)), algorithm="sha256")
    return bool(tossed.digest()[0] & 1)


def sign_question(pair: Pair, product: Product, *, user: Any) -> str:
    first, second = order_pair(pair)
    return signing.dumps([first.name, second.name, product.pk, user.pk], salt=SALT)


def keep_vote(pair: Pair, *, token: str, answer: str, user: Any) -> BlindVote:
    """Keep what somebody said of the question `token`; what they have said of it before stays.

    Raises StaleQuestion where it is no question of theirs about these spaces, or no answer to one.
    """
    first, second = order_pair(pair)
    try:
        asked = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise StaleQuestion(token) from error
    product = Product.objects.filter(pk=asked[2]).first()
    if asked[:2] != [first.name, second.name] or asked[3] != user.pk or product is None or answer not in ANSWERS:
        raise StaleQuestion(token)
    left = Choice.FIRST if is_first_left(pair, product.pk, user=user) else Choice.SECOND
    right = Choice.SECOND if left == Choice.FIRST else Choice.FIRST
    said = {"left": left, "right": right, "tie": Choice.TIE, "skip": Choice.SKIP}[answer]
    own = BlindVote.objects.filter(first=first.name, second=second.name, user=user, product=product)
    own.exclude(pk__in=read_votes(pair).values("pk")).delete()  # about spaces that had these names before
    vote, _is_new = BlindVote.objects.get_or_create(
        first=first.name, second=second.name, user=user, product=product, defaults={"choice": said, "left": left}
    )
    return vote


def count_votes(pair: Pair, *, user: Any = None) -> int:
    """Return how many questions were answered, skipped ones aside, by all or by one person."""
    votes = read_votes(pair).exclude(choice=Choice.SKIP)
    return int((votes.filter(user=user) if user else votes).count())


def read_result(pair: Pair) -> BlindResult:
    """Return what all have said so far; it may be read after every vote."""
    first, second = order_pair(pair)
    told: dict[tuple[int | None, str], Counter[str]] = {}
    rows = read_votes(pair).values_list("user_id", "user__username", "choice").annotate(count=Count("pk"))
    for user_id, name, choice, count in rows.order_by("user__username"):
        told.setdefault((user_id, name or "–"), Counter())[choice] = count
    total: Counter[str] = sum(told.values(), Counter())
    tallies = tuple(
        StaffTally(name, said[Choice.FIRST], said[Choice.SECOND], said[Choice.TIE], said[Choice.SKIP])
        for (_, name), said in told.items()
    )
    evidence = weigh_votes(total[Choice.FIRST], total[Choice.SECOND])
    return BlindResult(first.name, second.name, total[Choice.TIE], total[Choice.SKIP], evidence, tallies)
