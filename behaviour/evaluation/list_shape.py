"""What lists are like, apart from being right: how much of the shop they show, and how alike and how usual it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviour.learners.content import Content
from behaviour.learners.facts import Floats, Ints


@dataclass(frozen=True)
class ListShape:
    """Castells, Hurley and Vargas, "Novelty and Diversity in Recommender Systems" (2015), for the definitions."""

    coverage: float  # share of the products on sale that are in any list
    novelty: float  # mean -log2 of the share of baskets that hold what is listed: bits, more is less usual
    diversity: float  # 1 - mean cosine of two products of one list
    popularity_bias: float  # mean popularity of what is listed, over that of what is sold: 1 is as the shop sells


def measure_shape(lists: Ints, *, popularity: Floats, content: Content) -> ListShape:
    """Return the shape of lists (q, k) of items, -1 where they end; NaN where nothing was listed.

    `popularity` (items,) is in how many baskets each was; items with 0 were not on sale.
    """
    listed = lists[lists >= 0]
    if not len(listed) or not popularity.sum():
        return ListShape(0.0, float("nan"), float("nan"), float("nan"))
    share = popularity / popularity.sum()
    of_listed = np.maximum(share[listed], 1 / popularity.sum())
    typical = float((share * popularity).sum())  # the popularity of a sale, drawn at random
    return ListShape(
        coverage=len(np.unique(listed)) / max(int((popularity > 0).sum()), 1),
        novelty=float(-np.log2(of_listed).mean()),
        diversity=_mean_distance(lists, content),
        popularity_bias=float(popularity[listed].mean() / typical),
    )


def _mean_distance(lists: Ints, content: Content) -> float:
    """Return 1 - mean cosine over all pairs in each list, by the length of the sum of its vectors."""
    known = (lists >= 0) & content.known[np.maximum(lists, 0)]
    counts = known.sum(axis=1)
    asked = counts > 1
    if not asked.any():
        return float("nan")
    sums = np.zeros((len(lists), content.vectors.shape[1]))
    for place in range(lists.shape[1]):
        sums += np.where(known[:, [place]], content.vectors[np.maximum(lists[:, place], 0)], 0)
    pairs = ((sums**2).sum(axis=1) - counts)[asked] / (counts * (counts - 1))[asked]
    return float(1 - pairs.mean())
