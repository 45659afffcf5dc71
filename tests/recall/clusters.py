"""Synthetic catalogues for recall and speed: products in clusters, loaded by COPY so that thousands take seconds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from django.db import connection

from embeddings.models import EmbeddingSpace

# Every filter below keeps a known share, whatever the vectors: product i has brand i % 100, and so on.
PRODUCTS = """
INSERT INTO catalog_product (id, sku, title, description, translations, brand, category_id, price, currency, stock,
    attributes, variant_group, collection, is_active, created_at, updated_at)
SELECT i, 'S' || i, 'Product ' || i, '', '{}', 'brand' || i %% 100, NULL, (i %% 10000) / 100.0, 'EUR', i %% 12,
    jsonb_build_object('tenth', i %% 10, 'thousandth', i %% 1000), '', 'collection' || i %% 7, true,
    now() - i * interval '1 minute', now()
FROM generate_series(%s::int, %s::int) AS i
"""


def clustered_vectors(count: int, dim: int, *, seed: int = 0, spread: float = 0.6) -> np.ndarray:
    """Unit vectors around count/50 random centres, float16 (count, dim): neighbours exist, as in a real catalogue."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(count // 50, 1), dim), dtype=np.float32)
    vectors = centres[rng.integers(0, len(centres), count)]
    vectors += spread * rng.standard_normal((count, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16)


def load_products(first: int, last: int) -> None:
    """Insert the products `first` to `last`, whose ids and SKUs are their numbers."""
    with connection.cursor() as cursor:
        cursor.execute(PRODUCTS, [first, last])


def load_vectors(space: EmbeddingSpace, vectors: np.ndarray, *, first: int = 1, modality: str = "fused") -> None:
    """COPY one vector for each product from `first` on."""
    columns = "product_id, space_id, modality, fingerprint, vector, updated_at"
    with connection.cursor() as cursor, cursor.copy(f"COPY embeddings_productembedding ({columns}) FROM STDIN") as copy:
        for number, text in enumerate(as_text(vectors), start=first):
            copy.write_row((number, space.pk, modality, "f", text, "2026-01-01"))


def as_text(vectors: np.ndarray) -> Iterator[str]:
    for vector in vectors:
        yield "[" + ",".join(map(str, vector.tolist())) + "]"


def nearest(vectors: np.ndarray, query: np.ndarray, *, allowed: np.ndarray, limit: int) -> list[int]:
    """Return the indices of the nearest of the allowed rows by cosine, ties by index: the truth, without a database."""
    rows = np.flatnonzero(allowed)
    chosen, wanted = vectors[rows].astype(np.float32), query.astype(np.float32)
    distances = 1 - chosen @ wanted / np.linalg.norm(chosen, axis=1) / np.linalg.norm(wanted)
    return [int(row) for row in rows[np.lexsort((rows, distances))][:limit]]
