"""How far two spaces agree on which products are near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext

from embeddings.models import EmbeddingSpace, Modality, ProductEmbedding
from embeddings.spaces.lifecycle import SpaceError, check_built

COMPARED_PRODUCTS = 1000


@dataclass(frozen=True)
class Overlap:
    """What two spaces share of the neighbours of the products that were compared."""

    k: int
    mean: float  # of |A's k nearest and B's k nearest| / k, over the compared products
    product_count: int


def measure_overlap(left: EmbeddingSpace, right: EmbeddingSpace, *, k: int = 10, seed: int = 0) -> Overlap:
    """Return how many of the k nearest products two spaces share, on up to 1,000 products that both hold."""
    vectors = [_read_vectors(space) for space in (left, right)]
    shared = sorted(set(vectors[0]) & set(vectors[1]))
    if len(shared) < 2:
        return Overlap(k=k, mean=float("nan"), product_count=0)
    kept = min(k, len(shared) - 1)
    anchors = np.random.default_rng(seed).permutation(len(shared))[:COMPARED_PRODUCTS].tolist()
    nearest = [_find_nearest(np.stack([known[pk] for pk in shared]), anchors, kept) for known in vectors]
    common = [len(set(ours) & set(theirs)) / kept for ours, theirs in zip(*nearest, strict=True)]
    return Overlap(k=kept, mean=float(np.mean(common)), product_count=len(anchors))


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


def _read_vectors(space: EmbeddingSpace) -> dict[int, np.ndarray]:
    rows = ProductEmbedding.objects.filter(space=space, modality=Modality.FUSED)
    return {product_id: np.asarray(vector, dtype=np.float32) for product_id, vector in rows.read_vectors()}


def _find_nearest(matrix: np.ndarray, anchors: Sequence[int], k: int) -> list[list[int]]:
    """Return the rows of the k nearest of each anchor by cosine, itself left out; ties by row."""
    nearest = []
    for anchor in anchors:
        similarity = matrix @ matrix[anchor]
        similarity[anchor] = -np.inf
        nearest.append(np.argsort(-similarity, kind="stable")[:k].tolist())
    return nearest
