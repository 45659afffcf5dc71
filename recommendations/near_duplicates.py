"""Find listings that are probably the same product, listed twice by one seller or by several.

Being similar is not enough: variants of one design and plain designs of one kind are similar too. A second listing
stands out, though: it is far nearer to its original than to anything else. So two listings belong together when picture
and text are near enough, when each one's design is the other's nearest, and when a clear gap follows behind (compare
the ratio test of Lowe, "Distinctive image features from scale-invariant keypoints", 2004).

Listings are compared a batch at a time, each with its nearest ones by the HNSW index; of a batch nothing is kept but
the pairs that stand out, which are few, so that memory does not grow with what is compared. The index is approximate:
what one listing has found and the other has not is held up to the other once more. Of 1,000 pairs planted among 100,000
listings all are found; at half of EF_SEARCH 994, and 989 where the second look is left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from django.db import connection, transaction

from catalog.doctor.merging import read_distinct
from embeddings.fusion.similarity_scale import SimilarityScale
from embeddings.modalities.registry import IMAGE, TEXT
from embeddings.models import EmbeddingSpace
from recommendations.duplicate_thresholds import Thresholds, find_thresholds

NEIGHBOURS = 20  # of each listing, outside its own variant group
MAX_LISTINGS = 5  # of one product; beyond that it is no longer a second listing
MAX_GROUP = 20  # listings; weaker pairs do not chain groups to larger ones
EF_SEARCH = 200  # rows that the index looks at, and more where variants take the first places
BATCH = 200  # listings compared in one statement

PAIRS = """
SELECT a.product_id, near.product_id, pa.variant_group, pb.variant_group, pa.attributes, pb.attributes,
       1 - (ta.vector <=> tb.vector), 1 - (ia.vector <=> ib.vector)
FROM embeddings_productembedding a
JOIN catalog_product pa ON pa.id = a.product_id AND pa.is_active
CROSS JOIN LATERAL (
    SELECT e.product_id FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id
    WHERE e.space_id = {space} AND e.modality = 'fused' AND p.is_active AND e.product_id <> a.product_id
      AND (p.variant_group = '' OR p.variant_group <> pa.variant_group)
    ORDER BY (e.vector::halfvec({dim})) <=> (a.vector::halfvec({dim})) LIMIT {neighbours}) near
JOIN catalog_product pb ON pb.id = near.product_id
LEFT JOIN embeddings_productembedding ta ON (ta.product_id, ta.space_id, ta.modality) = (a.product_id, {space}, 'text')
LEFT JOIN embeddings_productembedding tb ON (tb.product_id, tb.space_id, tb.modality) = (pb.id, {space}, 'text')
LEFT JOIN embeddings_productembedding ia ON (ia.product_id, ia.space_id, ia.modality) = (a.product_id, {space}, 'image')
LEFT JOIN embeddings_productembedding ib ON (ib.product_id, ib.space_id, ib.modality) = (pb.id, {space}, 'image')
WHERE a.space_id = {space} AND a.modality = 'fused' AND a.product_id = ANY(%(product_ids)s)
"""
NEXT_LISTINGS = """
SELECT e.product_id FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id AND p.is_active
WHERE e.space_id = %(space)s AND e.modality = 'fused' AND e.product_id > %(after)s ORDER BY e.product_id LIMIT %(batch)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A listing and a neighbour of another variant group. A similarity is None where one lacks the modality."""

    listing_id: int
    other_id: int
    listing_group: str
    other_group: str
    text: float | None
    image: float | None
    attributes_shared: int = 0

    @property
    def strength(self) -> float:
        """The mean of what can be compared."""
        known = [similarity for similarity in (self.text, self.image) if similarity is not None]
        return sum(known) / len(known) if known else -1.0

    def turn_round(self) -> Pair:
        """Return the pair as the other listing has it."""
        return replace(
            self,
            listing_id=self.other_id,
            other_id=self.listing_id,
            listing_group=self.other_group,
            other_group=self.listing_group,
        )

    def is_near(self, thresholds: Thresholds) -> bool:
        if self.text is None:
            return False
        if self.image is None:
            return self.text >= thresholds.text_alone
        return self.image >= thresholds.image and self.text >= thresholds.text


@dataclass(slots=True)
class Compared:
    """How far the listings were compared, and the pairs that stood out: each listing's own, in both directions."""

    after: int = 0  # the last listing that was compared
    pairs: list[Pair] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class DuplicateGroup:
    """Listings that are probably one product, and the pairs that say so, strongest first."""

    product_ids: tuple[int, ...]
    pairs: tuple[Pair, ...]

    @property
    def strength(self) -> float:
        return self.pairs[0].strength


def find_near_duplicates(
    space: EmbeddingSpace,
    *,
    thresholds: Thresholds | None = None,
    done: Compared | None = None,
    progress: Callable[[Sequence[int], Sequence[Pair]], object] = lambda listings, pairs: None,
) -> list[DuplicateGroup]:
    """Return the groups of a space's active products, most certain first.

    `done` is what was compared already. `progress` is told of each batch which listings were compared, by their
    products' ids, and which of their pairs stand out.
    """
    compared, thresholds = done or Compared(), thresholds or find_thresholds(space)
    while listings := read_listings(space, after=compared.after):
        found = list(find_outstanding(read_pairs(space, listings), thresholds=thresholds))
        compared.pairs += found
        compared.after = listings[-1]
        progress(listings, found)
    back = look_again(space, compared.pairs, thresholds=thresholds)
    return group_pairs(drop_distinct(find_mutual([*compared.pairs, *back])))


def find_near_duplicates_of(product_id: int, *, space: EmbeddingSpace) -> list[Pair]:
    """Return the pairs that one product is in by the same criteria, strongest first. Three statements."""
    thresholds = find_thresholds(space)
    chosen = list(find_outstanding(read_pairs(space, [product_id]), thresholds=thresholds))
    pairs = [*chosen, *look_again(space, chosen, thresholds=thresholds)]
    mutual = [pair for pair in find_mutual(pairs) if product_id in (pair.listing_id, pair.other_id)]
    return drop_distinct(mutual)


def read_listings(space: EmbeddingSpace, *, after: int) -> list[int]:
    """Return the ids of the next 200 active products with a vector."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_LISTINGS, {"space": space.pk, "after": after, "batch": BATCH})
        return [product_id for (product_id,) in cursor.fetchall()]


def read_pairs(space: EmbeddingSpace, listings: Sequence[int]) -> Iterator[Pair]:
    """Yield each listing's nearest neighbours outside its variant group. One statement."""
    text, image = space.scale_of(TEXT), space.scale_of(IMAGE)
    statement = PAIRS.format(space=int(space.pk), dim=int(space.dim), neighbours=NEIGHBOURS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'relaxed_order', true)",
            [str(EF_SEARCH)],
        )
        cursor.execute(statement, {"product_ids": list(listings)})
        yield from (_read_pair(row, text=text, image=image) for row in cursor.fetchall())


def find_outstanding(pairs: Iterable[Pair], *, thresholds: Thresholds) -> Iterator[Pair]:
    """Yield the pairs that stand out among all those of their listing."""
    by_listing: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_listing[pair.listing_id].append(pair)
    for listing_pairs in by_listing.values():
        yield from choose_pairs(listing_pairs, thresholds=thresholds)


def look_again(space: EmbeddingSpace, pairs: Sequence[Pair], *, thresholds: Thresholds) -> Iterator[Pair]:
    """Yield what stands out of those listings that a pair leads to and none leads back from, that pair turned round."""
    chosen = by_designs(pairs)
    lone = [pair for (design, other), found in chosen.items() if (other, design) not in chosen for pair in found]
    for start in range(0, len(lone), BATCH):
        few = lone[start : start + BATCH]
        found = list(read_pairs(space, sorted({pair.other_id for pair in few})))
        still_there = {pair.listing_id for pair in found}
        turned = (pair.turn_round() for pair in few if pair.other_id in still_there)
        yield from find_outstanding([*found, *turned], thresholds=thresholds)


def by_designs(pairs: Iterable[Pair]) -> dict[tuple[str, str], list[Pair]]:
    """Return the pairs by the design of the listing and that of the other one."""
    chosen: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        chosen[_design(pair.listing_id, pair.listing_group), _design(pair.other_id, pair.other_group)].append(pair)
    return chosen


def find_mutual(pairs: Iterable[Pair]) -> list[Pair]:
    """Return those of the pairs that stand out on both sides, strongest first; each two designs once."""
    chosen = by_designs(pairs)
    mutual = [
        max(found + chosen[other, design], key=_certainty)
        for (design, other), found in list(chosen.items())
        if design < other and (other, design) in chosen
    ]
    return sorted(mutual, key=_certainty, reverse=True)


def drop_distinct(pairs: Sequence[Pair]) -> list[Pair]:
    """Leave out the pairs of which somebody has said that they are not the same."""
    distinct = read_distinct(number for pair in pairs for number in (pair.listing_id, pair.other_id))
    return [
        pair
        for pair in pairs
        if (min(pair.listing_id, pair.other_id), max(pair.listing_id, pair.other_id)) not in distinct
    ]


def choose_pairs(pairs: Sequence[Pair], *, thresholds: Thresholds) -> list[Pair]:
    """Return, of one listing's pairs, the best with each design before the clearest gap; none where there is no gap."""
    designs: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        designs[_design(pair.other_id, pair.other_group)].append(pair)
    best = sorted((choose_variant(found) for found in designs.values()), key=lambda pair: -pair.strength)
    near = 0
    while near < min(len(best), MAX_LISTINGS) and best[near].is_near(thresholds):
        near += 1
    strengths = [pair.strength for pair in best[: near + 1]] + ([0.0] if len(best) == near else [])
    gaps = [before - after for before, after in pairwise(strengths)]
    if not gaps or max(gaps) < thresholds.gap:
        return []
    return best[: gaps.index(max(gaps)) + 1]


def choose_variant(pairs: Sequence[Pair]) -> Pair:
    """Return the variant that shares most attributes, such as the colour, among those that are about as near."""
    nearest = max(pair.strength for pair in pairs)
    about = [pair for pair in pairs if pair.strength >= nearest - 0.15]
    return max(about, key=lambda pair: (pair.attributes_shared, pair.strength, -pair.other_id))


def group_pairs(pairs: Sequence[Pair]) -> list[DuplicateGroup]:
    """Return connected listings as groups, in the order of their strongest pair; none larger than `MAX_GROUP`.

    `pairs` come strongest first: a pair that would join two groups to one that is larger is left out.
    """
    groups: dict[int, set[int]] = {}
    for pair in pairs:
        first, second = (groups.setdefault(number, {number}) for number in (pair.listing_id, pair.other_id))
        if first is not second and len(first) + len(second) <= MAX_GROUP:
            first |= second
            groups.update(dict.fromkeys(second, first))
    kept: dict[int, list[Pair]] = defaultdict(list)  # by the least product of its group
    for pair in pairs:
        if pair.other_id in groups[pair.listing_id]:
            kept[min(groups[pair.listing_id])].append(pair)
    return [
        DuplicateGroup(product_ids=tuple(sorted(groups[found[0].listing_id])), pairs=tuple(found))
        for found in kept.values()
    ]


def _design(product_id: int, group: str) -> str:
    return f"group {group}" if group else f"product {product_id}"


def _certainty(pair: Pair) -> tuple[int, float, int]:
    return pair.attributes_shared, pair.strength, -pair.listing_id


def _read_pair(row: Sequence[Any], *, text: SimilarityScale, image: SimilarityScale) -> Pair:
    listing_id, other_id, listing_group, other_group, attributes, other_attributes, of_texts, of_pictures = row
    return Pair(
        listing_id=listing_id,
        other_id=other_id,
        listing_group=listing_group,
        other_group=other_group,
        text=None if of_texts is None else float(text.show(of_texts)),
        image=None if of_pictures is None else float(image.show(of_pictures)),
        attributes_shared=count_shared(attributes, other_attributes),
    )


def count_shared(left: Any, right: Any) -> int:
    """Return how many attributes are equal. Raw cursors give jsonb as text."""
    first, second = (json.loads(value) if isinstance(value, str) else value for value in (left, right))
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        return 0
    return sum(name in second and second[name] == value for name, value in first.items())
