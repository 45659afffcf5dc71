"""The nearest products of each product of a slice, read once for all checks that compare: one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from catalog.doctor.checks import Slice
from embeddings.fusion.similarity_scale import SimilarityScale
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace

NEIGHBOURS = 60  # of each product, outside its own variant group: 20 designs, of three variants each
EF_SEARCH = 200  # rows that the index looks at, and more where variants take the first places
NEAREST = """
SELECT a.product_id, near.product_id, near.variant_group, near.category_id, near.price, near.currency, near.similarity
FROM embeddings_productembedding a
JOIN catalog_product pa ON pa.id = a.product_id
CROSS JOIN LATERAL (
    SELECT e.product_id, p.variant_group, p.category_id, p.price, p.currency,
        1 - ((e.vector::halfvec({dim})) <=> (a.vector::halfvec({dim}))) AS similarity
    FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id
    WHERE e.space_id = {space} AND e.modality = 'fused' AND p.is_active AND e.product_id <> a.product_id
      AND (p.variant_group = '' OR p.variant_group <> pa.variant_group)
    ORDER BY (e.vector::halfvec({dim})) <=> (a.vector::halfvec({dim})) LIMIT {neighbours}) near
WHERE a.space_id = {space} AND a.modality = 'fused' AND a.product_id = ANY(%(product_ids)s)
ORDER BY 1, near.similarity DESC, 2
"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A product that is near another one, of another variant group."""

    product_id: int
    variant_group: str
    category_id: int | None
    price: float | None
    currency: str
    similarity: float

    @property
    def design(self) -> str:
        return f"group {self.variant_group}" if self.variant_group else f"product {self.product_id}"


def read_neighbourhoods(part: Slice) -> Mapping[int, Sequence[Neighbour]]:
    """Return the neighbours of each product of a slice that has a vector in the live space, nearest first."""
    found: Mapping[int, Sequence[Neighbour]] = part.recall("neighbourhoods", lambda: read_near(part.ids))
    return found


def read_near(product_ids: Sequence[int]) -> dict[int, list[Neighbour]]:
    """Return the same of any products. One statement."""
    space = EmbeddingSpace.objects.live()
    if space is None:
        return {}
    statement = NEAREST.format(space=int(space.pk), dim=int(space.dim), neighbours=NEIGHBOURS)
    found: dict[int, list[Neighbour]] = defaultdict(list)
    scale = space.scale_of(FUSED)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'relaxed_order', true)",
            [str(EF_SEARCH)],
        )
        cursor.execute(statement, {"product_ids": list(product_ids)})
        for row in cursor.fetchall():
            found[row[0]].append(_make(row, scale))
    return found


def _make(row: Sequence[Any], scale: SimilarityScale) -> Neighbour:
    _anchor, product_id, group, category_id, price, currency, cosine = row
    similarity = float(scale.show(cosine))
    return Neighbour(product_id, group, category_id, None if price is None else float(price), currency, similarity)


def by_design(neighbours: Sequence[Neighbour]) -> list[Neighbour]:
    """Return the nearest of each design, nearest first: variants have one voice."""
    nearest: dict[str, Neighbour] = {}
    for neighbour in neighbours:
        nearest.setdefault(neighbour.design, neighbour)
    return list(nearest.values())
