"""How far two spaces agree on which products are near: asked of their indexes, on a sample that does not grow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext

from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.drawing import draw_few
from embeddings.spaces.indexes import index_name, missing_indexes
from embeddings.spaces.lifecycle import SpaceError, check_built

COMPARED_PRODUCTS = 200  # of each, two searches by index: 0.4 s, and the mean is known to about 0.03
REACH = 4  # times k: what the other space lacks is left out, and there is to be enough after that
EF_SEARCH = 100  # as far as lists look at least
# Literals for space and dim, so that the partial index fits.
NEAREST = """
SELECT a.product_id, n.product_id, n.distance FROM embeddings_productembedding a CROSS JOIN LATERAL (
    SELECT e.product_id, e.vector::halfvec({dim}) <=> a.vector::halfvec({dim}) AS distance
    FROM embeddings_productembedding e
    WHERE e.space_id = {space_id} AND e.modality = 'fused' AND e.product_id <> a.product_id
    ORDER BY e.vector::halfvec({dim}) <=> a.vector::halfvec({dim}) LIMIT {limit}) n
WHERE a.space_id = {space_id} AND a.modality = 'fused' AND a.product_id = ANY(%s)
ORDER BY a.product_id, n.distance, n.product_id
"""


@dataclass(frozen=True)
class Overlap:
    """What two spaces share of the neighbours of the products that were compared."""

    k: int
    shares: tuple[float, ...]  # of each compared product, |A's k nearest and B's k nearest| / k

    @property
    def mean(self) -> float:
        return sum(self.shares) / len(self.shares) if self.shares else float("nan")

    @property
    def product_count(self) -> int:
        return len(self.shares)


def measure_overlap(
    left: EmbeddingSpace, right: EmbeddingSpace, *, k: int = 10, count: int = COMPARED_PRODUCTS, seed: int = 0
) -> Overlap:
    """Return how many of the k nearest products two spaces share, on up to `count` products that both hold.

    Raises SpaceError while a large space has no index: without one each search would read all vectors.
    """
    for space in (left, right):
        _check_searchable(space)
    drawn = draw_few(count, seed=seed)
    anchors = sorted(_held(left, drawn) & _held(right, drawn))
    nearest = [find_nearest(space, anchors, limit=REACH * k) for space in (left, right)]
    lacked = [
        {pk for found in ours.values() for pk in found} - _held(space, [pk for found in ours.values() for pk in found])
        for ours, space in zip(nearest, (right, left), strict=True)
    ]
    shares, longest = [], 0
    for anchor in anchors:
        ours, theirs = (
            [pk for pk in found[anchor] if pk not in missing][:k]
            for found, missing in zip(nearest, lacked, strict=True)
        )
        length = max(len(ours), len(theirs))
        if length:
            shares.append(len(set(ours) & set(theirs)) / length)
            longest = max(longest, length)
    return Overlap(k=longest or k, shares=tuple(shares))


def describe_overlap(space: EmbeddingSpace, *, live: EmbeddingSpace | None) -> str:
    """Say how near a space is to the live one. Raises SpaceError where the two cannot be compared."""
    check_built(space)
    if live is None:
        raise SpaceError(gettext("No space is served now."))
    if space == live:
        raise SpaceError(gettext("%s is the live space: select another one to compare with it.") % space.name)
    overlap = measure_overlap(live, space)
    if not overlap.product_count:
        raise SpaceError(gettext("%(name)s and %(live)s have no two products in common.") % _name(space, live))
    said = gettext(
        "%(name)s shares %(share)s of the %(k)d nearest products with %(live)s (%(count)d compared). With labels: "
        "`manage.py spaces compare --truth FILE`."
    )
    compared = {"share": f"{overlap.mean:.0%}", "k": overlap.k, "count": overlap.product_count}
    return said % (compared | _name(space, live))


def _name(space: EmbeddingSpace, live: EmbeddingSpace) -> dict[str, str | int]:
    return {"name": space.name, "live": live.name}


def _check_searchable(space: EmbeddingSpace) -> None:
    if index_name(space, FUSED) in missing_indexes(space):
        said = gettext("The index of %s is not built yet: the worker builds it. Compare when it is done.")
        raise SpaceError(said % space.name)


def _held(space: EmbeddingSpace, product_ids: Sequence[int]) -> set[int]:
    """Return which of these products a space has a fused vector of."""
    rows = ProductEmbedding.objects.filter(space=space, modality=FUSED, product_id__in=list(product_ids))
    return set(rows.values_list("product_id", flat=True))


def find_nearest(space: EmbeddingSpace, anchors: Sequence[int], *, limit: int) -> dict[int, list[int]]:
    """Return the products nearest to each anchor by cosine, itself left out; ties by id."""
    nearest: dict[int, list[int]] = defaultdict(list)
    statement = NEAREST.format(space_id=int(space.pk), dim=int(space.dim), limit=int(limit))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('hnsw.ef_search', %s, true)", [str(EF_SEARCH)])
        cursor.execute(statement, [list(anchors)])
        for anchor, product_id, _distance in cursor.fetchall():
            nearest[anchor].append(product_id)
    return nearest
