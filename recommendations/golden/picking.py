"""Which pair is asked about next: one whose answer tells something, found at a bounded cost.

Kinds are drawn by the shares below and tried in the order in which they came out, until one finds a pair. Drawing is
seeded by who asks and how often they have answered: whoever reloads the page sees the same pair again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

import numpy as np
from django.contrib.auth.models import User
from django.db.models import Count, Exists, Max, Min, OuterRef, Q

from catalog.models import Category, Product
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from recommendations.evaluation.pairs import best_threshold
from recommendations.golden.judging import RELATED_FROM, load_golden, read_similarities
from recommendations.golden.neighbours import Neighbour, find_nearest
from recommendations.golden.pair import GoldenJudgement, GoldenPair

Origin = GoldenPair.Origin
AGREEMENT = "agreement"  # a pair that somebody else has judged; it has an origin already
SHARES = {Origin.DISAGREEMENT: 35, Origin.BOUNDARY: 25, Origin.CATEGORY: 15, AGREEMENT: 15, Origin.CHANCE: 10}

FIRST = 10  # of a list: what a shopper sees
NEAR = 30  # neighbours among which one of the right similarity is looked for
TRIES = 3  # anchors of each kind
RECENT_PAIRS = 200  # whose products may be anchors again
FULL = 8  # pairs of one product; then it is an anchor no more
MIN_OF_A_KIND = 5  # related pairs, and unrelated ones, from which on a boundary is known
LOOKED_AT = 50  # rows among which one is drawn
TOUCHED_PAIRS = 1_000  # whose categories count as judged


@dataclass(frozen=True)
class Picked:
    """A pair as it is to be shown, left and right, and why."""

    left_id: int
    right_id: int
    origin: str


@dataclass(frozen=True)
class Draw:
    """One drawing: for whom, with what luck, in which live space."""

    user: User
    random: Random
    live: EmbeddingSpace

    @cached_property
    def rivals(self) -> tuple[tuple[EmbeddingSpace, str], tuple[EmbeddingSpace, str]]:
        """Two ways of seeing products that may disagree: the live space and the next one, or two modalities of it."""
        waiting = EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.READY, text_dim__gt=0)
        other = waiting.order_by("-created_at", "-pk").first() or EmbeddingSpace.objects.rollback_target()
        if other is not None:
            return (self.live, FUSED), (other, FUSED)
        # Else the two that count most in the live one: text and picture, where nobody has chosen otherwise.
        weights = {name: chosen.weight for name, chosen in self.live.list_modalities().items()}
        first, second = sorted(sorted(weights, key=lambda name: -weights[name])[:2], key=list(weights).index)
        return (self.live, first), (self.live, second)

    def anchors(self) -> Iterable[int]:
        """Yield products to start from: as often as not one that was judged before, so that it gets a ranking."""
        judged = list(GoldenPair.objects.judged().distinct().values_list("first_id", "second_id")[:RECENT_PAIRS])
        counts = Counter(product_id for pair in judged for product_id in pair)
        again = [product_id for product_id, count in sorted(counts.items()) if count < FULL]
        for _ in range(TRIES):
            if again and self.random.random() < 0.5:
                yield self.random.choice(again)
            elif (anchor := self.draw_product()) is not None:
                yield anchor

    def draw_product(self) -> int | None:
        """Return an active product that the live space holds, by an id drawn evenly between the first and the last."""
        ends = Product.objects.aggregate(first=Min("pk"), last=Max("pk"))
        if ends["first"] is None:
            return None
        start = self.random.randint(ends["first"], ends["last"])
        return self.find_from(start) or self.find_from(ends["first"])

    def find_from(self, start: int) -> int | None:
        """Return the first such product from an id on. Both tables begin there: joined, one would be read up to it."""
        held = ProductEmbedding.objects.filter(
            space=self.live, modality=FUSED, product=OuterRef("pk"), product_id__gte=start
        )
        shown = Product.objects.filter(Exists(held), is_active=True, pk__gte=start)
        return shown.order_by("pk").values_list("pk", flat=True).first()

    def leave_out_known(self, anchor_id: int, neighbours: Sequence[Neighbour]) -> list[Neighbour]:
        """Return those whose pair with the anchor nobody has graded, and this user has not passed over."""
        ids = [one.product_id for one in neighbours]
        pairs = GoldenPair.objects.filter(
            Q(first=anchor_id, second__in=ids) | Q(second=anchor_id, first__in=ids),
            Exists(GoldenJudgement.objects.filter(Q(grade__isnull=False) | Q(user=self.user), pair=OuterRef("pk"))),
        )
        known = {product_id for pair in pairs.values_list("first_id", "second_id") for product_id in pair}
        return [one for one in neighbours if one.product_id not in known]


def pick_pair(user: User, *, seed: str) -> Picked | None:
    """Return the pair to ask this user about next; None where there is no live space or nothing to ask."""
    asked = _pick_imported(user)
    live = EmbeddingSpace.objects.live()
    if asked is not None or live is None:
        return asked
    draw = Draw(user, Random(seed), live)  # noqa: S311  # luck, no secret
    # Each kind comes before the others with the chance of its share: Efraimidis and Spirakis, Weighted random
    # sampling with a reservoir (2006).
    order = sorted(SHARES, key=lambda kind: draw.random.random() ** (1 / SHARES[kind]), reverse=True)
    for kind in order:
        if picked := PICKERS[kind](draw):
            return picked
    return None


def _pick_imported(user: User) -> Picked | None:
    """A pair that somebody asked for by a file, and that nobody has judged yet."""
    said = GoldenJudgement.objects.filter(Q(grade__isnull=False) | Q(user=user), pair=OuterRef("pk"))
    waiting = GoldenPair.objects.shown().filter(~Exists(said), origin=Origin.IMPORTED).order_by("pk").first()
    return Picked(waiting.first_id, waiting.second_id, Origin.IMPORTED) if waiting else None


def _pick_disagreement(draw: Draw) -> Picked | None:
    """In the first ten of one space, and not in those of the other."""
    for anchor_id in draw.anchors():
        lists = [find_nearest(anchor_id, space, modality=modality, count=FIRST) for space, modality in draw.rivals]
        ids = [{one.product_id for one in found} for found in lists]
        if not all(ids):
            continue  # one of the two does not have this product
        apart = [one for found in lists for one in found if one.product_id in ids[0] ^ ids[1]]
        if unknown := draw.leave_out_known(anchor_id, apart):
            return Picked(anchor_id, draw.random.choice(unknown).product_id, Origin.DISAGREEMENT)
    return None


def _pick_boundary(draw: Draw) -> Picked | None:
    """About as similar as where grades change from related to unrelated."""
    boundary = find_boundary(draw.live)
    if boundary is None:
        return None
    for anchor_id in draw.anchors():
        if unknown := draw.leave_out_known(anchor_id, find_nearest(anchor_id, draw.live, count=NEAR)):
            nearest = min(unknown, key=lambda one: (abs(one.similarity - boundary), one.product_id))
            return Picked(anchor_id, nearest.product_id, Origin.BOUNDARY)
    return None


def find_boundary(space: EmbeddingSpace) -> float | None:
    """Return the similarity that parts related pairs from unrelated ones best; None with too few of either."""
    golden = load_golden(limit=500)
    similarities = read_similarities(space, golden)
    known = np.isfinite(similarities)
    related = golden.grades[known] >= RELATED_FROM
    if min(int(related.sum()), int((~related).sum())) < MIN_OF_A_KIND:
        return None
    return best_threshold(similarities[known], related)


def _pick_category(draw: Draw) -> Picked | None:
    """A product of a category of which nothing was judged, with one that is near to it."""
    products = GoldenPair.objects.judged().values_list("first__category", "second__category")[:TOUCHED_PAIRS]
    touched = {category for pair in products for category in pair if category is not None}
    holds = Exists(Product.objects.shown().filter(category=OuterRef("pk")))
    untouched = Category.objects.exclude(pk__in=touched).filter(holds).order_by("pk")
    categories = list(untouched.values_list("pk", flat=True)[:LOOKED_AT])
    for category_id in draw.random.sample(categories, k=min(TRIES, len(categories))):
        shown = Product.objects.shown().filter(category=category_id)
        anchor_id = draw.random.choice(list(shown.values_list("pk", flat=True)[:LOOKED_AT]))
        if unknown := draw.leave_out_known(anchor_id, find_nearest(anchor_id, draw.live, count=FIRST)):
            return Picked(anchor_id, draw.random.choice(unknown).product_id, Origin.CATEGORY)
    return None


def _pick_agreement(draw: Draw) -> Picked | None:
    """A pair that others have judged and this user has not: those that fewest have come first."""
    own = GoldenJudgement.objects.filter(user=draw.user, pair=OuterRef("pk"))
    others = GoldenPair.objects.judged().filter(~Exists(own)).values_list("first_id", "second_id")
    pairs = list(others.annotate(count=Count("pk")).order_by("count", "-pk")[:LOOKED_AT])
    fewest = [(first_id, second_id) for first_id, second_id, count in pairs if count == pairs[0][2]]
    return Picked(*draw.random.choice(fewest), AGREEMENT) if fewest else None


def _pick_by_chance(draw: Draw) -> Picked | None:
    """Any two products: so it is known how often what is called similar is not."""
    for _ in range(TRIES):
        left, right = draw.draw_product(), draw.draw_product()
        if left is None or right is None or left == right:
            continue
        if draw.leave_out_known(left, [Neighbour(right, 0.0)]):
            return Picked(left, right, Origin.CHANCE)
    return None


PICKERS: dict[str, Callable[[Draw], Picked | None]] = {
    Origin.DISAGREEMENT: _pick_disagreement,
    Origin.BOUNDARY: _pick_boundary,
    Origin.CATEGORY: _pick_category,
    AGREEMENT: _pick_agreement,
    Origin.CHANCE: _pick_by_chance,
}
