"""The fused vectors of a space as a layout reads them: in slices, and as Postgres sends them, not as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from embeddings.map.neighbours import Array
from embeddings.models import EmbeddingSpace

SLICE = 2_000  # vectors; with their distances to 20,000 sampled ones 100 MB
HEAD = 2  # numbers of 16 bits before the vector's own: its dim, and one that is unused
COLUMNS = "SELECT id, product_id, halfvec_send(vector) FROM embeddings_productembedding"
OF_SPACE = f"{COLUMNS} WHERE space_id = %s AND modality = 'fused'"
AFTER = f"{OF_SPACE} AND id > %s ORDER BY id LIMIT %s"
OF_PRODUCTS = f"{OF_SPACE} AND product_id = ANY(%s) ORDER BY product_id"


class Vectors(NamedTuple):
    """n vectors (n, dim) of products; `last_id` is that of the last row."""

    product_ids: list[int]
    rows: Array
    last_id: int


def read_after(space: EmbeddingSpace, position: int) -> Vectors:
    """Return the next SLICE vectors by id of row: those that were stored last come last."""
    return _read(AFTER, [space.pk, position, SLICE], dim=space.dim)


def read_products(space: EmbeddingSpace, product_ids: Sequence[int]) -> Vectors:
    """Return the vectors of these products, in order of product, those that have one."""
    return _read(OF_PRODUCTS, [space.pk, list(product_ids)], dim=space.dim)


def _read(statement: str, values: list[Any], *, dim: int) -> Vectors:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    sent = np.frombuffer(b"".join(bytes(row[2]) for row in rows), dtype=">f2").reshape(len(rows), HEAD + dim)
    return Vectors([row[1] for row in rows], sent[:, HEAD:].astype(np.float32), rows[-1][0] if rows else 0)
