"""The recall canary: does the index still find what is nearest? Asked of a few products, at a bounded cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection

from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from recommendations.evaluation.index_recall import find_by_index

SAMPLED = 20_000  # vectors that each anchor is compared with: about 15 ms
TOLERANCE = 1e-6  # of a distance: ties are no misses

# Of a stretch of the vectors, those that are nearer than the k-th that was found and are not among what was found.
MISSED = """
SELECT count(*), count(*) FILTER (WHERE nearer) FROM (
    SELECT s.vector <=> %(vector)s::halfvec < %(furthest)s AND NOT (s.product_id = ANY(%(found)s)) AS nearer
    FROM (SELECT e.product_id, e.vector FROM embeddings_productembedding e
          WHERE e.space_id = %(space)s AND e.modality = 'fused' AND e.product_id > %(after)s
          ORDER BY e.product_id LIMIT %(sampled)s) s
) judged
"""


def measure_recall(space: EmbeddingSpace, anchors: Sequence[tuple[int, str]], *, products: int, k: int = 10) -> float:
    """Return recall@k of the index of fused vectors, estimated on (product id, vector) of `anchors`; NaN without one.

    Up to SAMPLED products the exact answer is known. Of more, a random stretch of them is looked at, and what the index
    missed there is scaled up to the catalogue: recall = k / (k + missed * products / looked at), which stays unbiased
    to first order and costs the same at any size.
    """
    shares = [_measure_one(space, anchor, products=products, k=k) for anchor in anchors]
    known = [share for share in shares if share is not None]
    return float(np.mean(known)) if known else float("nan")


def _measure_one(space: EmbeddingSpace, anchor: tuple[int, str], *, products: int, k: int) -> float | None:
    product_id, vector = anchor
    found = find_by_index(space, product_id, vector, k=k)
    if found is None or len(found) < k:
        return None
    first = int(np.random.default_rng().integers(max(_last_id(space), 1))) if products > SAMPLED else 0
    params: dict[str, Any] = {
        "vector": vector,
        "furthest": max(distance for _, distance in found) - TOLERANCE,
        "found": [product_id, *(other for other, _ in found)],
        "space": space.pk,
        "after": first,
        "sampled": SAMPLED,
    }
    with connection.cursor() as cursor:
        cursor.execute(MISSED, params)
        looked_at, missed = cursor.fetchone()
    if not looked_at:
        return None
    return float(k / (k + missed * max(products / looked_at, 1.0)))


def _last_id(space: EmbeddingSpace) -> int:
    rows = ProductEmbedding.objects.filter(space=space, modality=FUSED).order_by("-product_id")
    return int(rows.values_list("product_id", flat=True).first() or 0)
