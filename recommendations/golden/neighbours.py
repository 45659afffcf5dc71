"""What is nearest to a product in any space, live or not, at a cost that the catalogue's size does not raise.

Through the HNSW index where there is one. A big space without one (its index is being built) is compared in part: the
products whose ids are next to the anchor's stand for all. A queue of pairs needs near ones, not the very nearest.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection
from psycopg import sql

from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace
from embeddings.spaces.indexes import lacks_index

COMPARED = 2_500  # ids to either side of the anchor's, 5,000 products at most: some 15 ms

NEAREST = """
WITH anchor AS MATERIALIZED (
    SELECT e.vector::halfvec({dim}) AS vector, p.variant_group
    FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id
    WHERE (e.product_id, e.space_id, e.modality) = (%(anchor)s, {space}, {modality}))
SELECT e.product_id, 1 - (e.vector::halfvec({dim}) <=> (SELECT vector FROM anchor))
FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id AND p.is_active
WHERE e.space_id = {space} AND e.modality = {modality} AND e.product_id <> %(anchor)s
  AND EXISTS (SELECT FROM anchor) AND (p.variant_group = '' OR p.variant_group <> (SELECT variant_group FROM anchor))
  {within}
ORDER BY e.vector::halfvec({dim}) <=> (SELECT vector FROM anchor) LIMIT {count}
"""
WITHIN = "AND e.product_id BETWEEN %(anchor)s - {compared} AND %(anchor)s + {compared}"


class Neighbour(NamedTuple):
    """A product that is near, and how similar it is, as the space's scale shows it."""

    product_id: int
    similarity: float


def find_nearest(anchor_id: int, space: EmbeddingSpace, *, modality: str = FUSED, count: int = 10) -> list[Neighbour]:
    """Return the nearest active products of other variant groups, most similar first, ties by id.

    Empty where the space has no vector of the anchor.
    """
    is_partial = lacks_index(space, modality)
    within = sql.SQL(WITHIN).format(compared=sql.Literal(COMPARED)) if is_partial else sql.SQL("")
    statement = sql.SQL(NEAREST).format(
        dim=sql.Literal(space.dims[modality]),
        space=sql.Literal(space.pk),
        modality=sql.Literal(str(modality)),
        within=within,
        count=sql.Literal(count),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"anchor": anchor_id})
        rows = cursor.fetchall()
    shown = space.scale_of(modality).show([cosine for _, cosine in rows]).tolist()
    found = [Neighbour(product_id, similarity) for (product_id, _), similarity in zip(rows, shown, strict=True)]
    return sorted(found, key=lambda one: (-one.similarity, one.product_id))
