"""Exact rankings of the vectors that are stored: what the API answers with variants=show and out_of_stock=mixed.

Vectors are read as they are searched, in half precision, and compared in float64: products of halves are exact there,
so that only real differences order two products. Postgres sums in float32 and agrees to about 1e-7.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from embeddings.models import EmbeddingSpace, ProductEmbedding
from recommendations.evaluation.metrics import Floats, Ids, order_by_distance

CELLS_PER_BATCH = 4_000_000  # distances held at once: 32 MB, and a few times that while they are sorted


@dataclass(frozen=True)
class SearchedVectors:
    """All vectors of one space and modality that may be shown."""

    product_ids: Ids  # (n,), ascending
    vectors: Floats  # (n, dim)

    def positions_of(self, product_ids: Ids) -> Ids:
        """Return (m,) rows that hold `product_ids`; -1 where a product has no vector here."""
        if not len(self.product_ids):
            return np.full(len(product_ids), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.product_ids, product_ids), len(self.product_ids) - 1)
        return np.where(self.product_ids[places] == product_ids, places, -1).astype(np.int64)


def load_vectors(space: EmbeddingSpace, modality: str) -> SearchedVectors:
    """Return the vectors of active products, ascending by product id."""
    rows = ProductEmbedding.objects.filter(space=space, modality=modality, product__is_active=True)
    product_ids, vectors = [], []
    for product_id, vector in rows.read_vectors():
        product_ids.append(product_id)
        vectors.append(np.array(vector, dtype=np.float16))  # 100,000 lists of floats would fill the memory
    stacked = np.stack(vectors) if vectors else np.zeros((0, 0))
    return SearchedVectors(np.array(product_ids, dtype=np.int64), stacked.astype(np.float64))


def cosine_distances(queries: Floats, vectors: Floats) -> Floats:
    """Return (q, n): 1 - cos(a, b) in [0, 2], pgvector's `<=>`; NaN for a vector of length zero."""
    lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(vectors, axis=1)[None]
    cosine = np.divide(queries @ vectors.T, lengths, out=np.full(lengths.shape, np.nan), where=lengths > 0)
    return np.asarray(1 - np.clip(cosine, -1, 1))


def euclidean_distances(queries: Floats, vectors: Floats) -> Floats:
    """Return (q, n): |a - b|, pgvector's `<->`."""
    squared = (queries**2).sum(axis=1)[:, None] + (vectors**2).sum(axis=1)[None] - 2 * queries @ vectors.T
    # Rounded before the root, which would make 1e-8 of the 1e-16 that a sum's order leaves.
    return np.asarray(np.sqrt(np.round(np.maximum(squared, 0), 12)))


def inner_product_distances(queries: Floats, vectors: Floats) -> Floats:
    """Return (q, n): 1 - a.b. Not bounded: long vectors are near to everything."""
    return np.asarray(1 - queries @ vectors.T)


def pearson_distances(queries: Floats, vectors: Floats) -> Floats:
    """Return (q, n): 1 - Pearson's correlation, the cosine distance of vectors less their own mean; 1 of a constant."""
    centred = [rows - rows.mean(axis=1, keepdims=True) for rows in (queries, vectors)]
    return np.nan_to_num(cosine_distances(*centred), nan=1.0)


DISTANCES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "cosine": cosine_distances,
    "euclidean": euclidean_distances,
    "inner_product": inner_product_distances,
    "pearson": pearson_distances,
}


def rank_anchors(
    searched: SearchedVectors, anchor_positions: Ids, *, metric: str = "cosine"
) -> Iterator[tuple[slice, Ids]]:
    """Yield (which anchors, (b, n - 1) positions of all others, nearest first) in batches that fit in memory.

    `anchor_positions` (q,) are rows of `searched`; the anchor itself is never ranked.
    """
    count = len(searched.product_ids)
    batch_size = max(1, CELLS_PER_BATCH // max(count, 1))
    for start in range(0, len(anchor_positions), batch_size):
        batch = slice(start, min(start + batch_size, len(anchor_positions)))
        anchors = anchor_positions[batch]
        distances = DISTANCES[metric](searched.vectors[anchors], searched.vectors)
        order = order_by_distance(distances, searched.product_ids)
        yield batch, order[order != anchors[:, None]].reshape(len(anchors), count - 1)


def pair_similarities(searched: SearchedVectors, pairs: Ids, *, metric: str = "cosine") -> Floats:
    """Return (m,) similarities, 1 - distance, of `pairs` (m, 2) of product ids; NaN where either has no vector."""
    positions = searched.positions_of(pairs.ravel()).reshape(-1, 2)
    both = (positions >= 0).all(axis=1)
    similarities = np.full(len(pairs), np.nan)
    measure = DISTANCES[metric]
    similarities[both] = [
        1 - measure(searched.vectors[left : left + 1], searched.vectors[right : right + 1])[0, 0]
        for left, right in positions[both]
    ]
    return similarities
