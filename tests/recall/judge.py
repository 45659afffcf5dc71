"""How retrieval is judged: recall against NumPy, and EXPLAIN for whether the index was used."""

from __future__ import annotations

import numpy as np
from django.db import connection

from embeddings.models import EmbeddingSpace
from embeddings.spaces.indexes import create_indexes, drop_indexes
from recommendations.nearest import nearest_parts
from recommendations.requests import Filters, Options
from recommendations.services import similar_products
from recommendations.statements import Retrieval, card_statement, where_clause
from tests.recall.clusters import load_products, load_vectors, nearest

LIMIT = 10
QUERIES = range(100, 100 + 37 * 20, 37)  # anchors spread over clusters, tenths and brands


def fill(space: EmbeddingSpace, vectors: np.ndarray) -> None:
    load_products(1, len(vectors))
    load_vectors(space, vectors)
    create_indexes(space)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_product, embeddings_productembedding")


def empty(space: EmbeddingSpace) -> None:
    drop_indexes(space)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE catalog_product, embeddings_productembedding, embeddings_embeddingspace CASCADE")


def recall(
    vectors: np.ndarray, *, allowed: np.ndarray, filters: Filters | None = None
) -> tuple[float, set[str], set[int]]:
    """Return recall@10 over the queries, which searches ran, and how long the lists were.

    Of what is `allowed`, only what can be bought: there is more than enough of it, and it comes first.
    """
    shares, searches, lengths = [], set(), set()
    for query in QUERIES:
        mask = allowed & can_be_bought(len(allowed))
        mask[query] = False
        truth = {f"S{row + 1}" for row in nearest(vectors, vectors[query], allowed=mask, limit=LIMIT)}
        shown = similar_products(f"S{query + 1}", limit=LIMIT, filters=filters, options=Options(variants="show"))
        shares.append(len(truth & {item.candidate.sku for item in shown}) / LIMIT)
        searches.add(shown.search)
        lengths.add(len(shown))
    return float(np.mean(shares)), searches, lengths


def can_be_bought(count: int) -> np.ndarray:
    """Return bool (count,): every twelfth product of `load_products` is sold out."""
    return np.arange(1, count + 1) % 12 != 0


def explain(retrieval: Retrieval) -> str:
    where = where_clause(retrieval)
    parts, ctes = nearest_parts(retrieval, where)
    statement = card_statement(retrieval, where, parts, ctes=ctes)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE) " + statement, where.params)
        return "\n".join(row[0] for row in cursor.fetchall())


def search_for(
    space: EmbeddingSpace, vector: np.ndarray, filters: Filters | None = None, *, limit: int = 40
) -> Retrieval:
    text = "[" + ",".join(map(str, vector.tolist())) + "]"
    return Retrieval(limit=limit, space_id=space.pk, dim=vector.size, vector=text, filters=filters or Filters())


def was_used(plan: str, name: str) -> bool:
    lines = [line for line in plan.splitlines() if f"using {name}" in line]
    return any("never executed" not in line for line in lines)
