"""Whether products are worse off in a new space by what they themselves say: no label is needed, and few rows are read.

A fit on a catalogue with a new range may place the range among others, though what it is not like should not count for
it (embeddings/fusion/reach.py). Then its products have neighbours that are less like them, by their own texts and
pictures, than where they were out of reach and compared by these alone. This is the guard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from django.utils.translation import gettext

from embeddings.fusion.base import Array
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.drawing import draw_few
from embeddings.spaces.outside import find_outside
from embeddings.spaces.overlap import find_nearest
from embeddings.vectors import load_pipeline

JUDGED, NEAREST = 100, 5  # products of each kind, and neighbours of each: some 1,200 rows of each modality
FEWEST = 10
# Of ranges that a fit served well neighbours became more alike, by up to 13 %; of those that it placed among others,
# less by 4 to 7 %.
TOLERATED = 0.02
Vectors = Mapping[int, Mapping[str, Array]]  # by product and modality, (dim,)


def object_to(space: EmbeddingSpace, *, live: EmbeddingSpace) -> str:
    """Return why products would be worse off in `space` than in the live one; empty where they would not.

    Those that lie outside of what the live one was fitted on are judged by themselves.
    """
    for product_ids in (find_outside(live).product_ids[:JUDGED], draw_few(JUDGED, seed=1)):
        if len(product_ids) < FEWEST:
            continue
        before, after = compare(space, live=live, product_ids=product_ids)
        if after < before - TOLERATED * abs(before):
            said = gettext(
                "%(count)d products that were looked at would have neighbours less like them by their own texts and "
                "pictures: %(before).3f, and %(after).3f in %(name)s"
            )
            return said % {"count": len(product_ids), "before": before, "after": after, "name": space.name}
    return ""


def compare(space: EmbeddingSpace, *, live: EmbeddingSpace, product_ids: Sequence[int]) -> tuple[float, float]:
    """Return how alike the neighbours of products are to them, in the live space and in `space`; by one measure, the
    cosines of the modalities in `space`, as its recipe weighs them."""
    weights = load_pipeline(space).weights
    lists = [find_nearest(one, product_ids, limit=NEAREST) for one in (live, space)]
    wanted = {*product_ids, *(pk for found in lists for near in found.values() for pk in near)}
    vectors = _read_vectors(space, wanted)
    before, after = (
        float(np.mean([_weigh(vectors[pk], vectors[other], weights) for pk, near in found.items() for other in near]))
        if any(found.values())
        else 0.0
        for found in lists
    )
    return before, after


def _read_vectors(space: EmbeddingSpace, product_ids: set[int]) -> Vectors:
    rows = ProductEmbedding.objects.filter(space=space, product_id__in=product_ids).exclude(modality=FUSED)
    found: dict[int, dict[str, Array]] = defaultdict(dict)
    for product_id, modality, vector in rows.values_list("product_id", "modality", "vector"):
        found[product_id][modality] = np.asarray(vector, dtype=np.float32)
    return found


def _weigh(left: Mapping[str, Array], right: Mapping[str, Array], weights: Mapping[str, float]) -> float:
    """Return the weighted mean of the cosines of the modalities that both have; 0 where that is none."""
    shared = [name for name in left if name in right and weights.get(name)]
    total = sum(weights[name] for name in shared)
    return sum(weights[name] * float(left[name] @ right[name]) for name in shared) / total if total else 0.0
