"""The graph that a layout is made of: who lies near whom, and how much that is worth. NumPy alone.

Formulas of UMAP (McInnes, Healy, Melville 2018, "UMAP: Uniform Manifold Approximation and Projection", sections 3.1
and 4.1): each point's distances are measured by its own scale, so that dense and thin regions count alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

NEIGHBOURS = 15
BLOCK = 500  # rows compared with all others at once: 40 MB of distances to 20,000
RUN = 64  # columns: of 20,000 the 5 least are found ten times as fast as by a partition of them all
BISECTIONS = 40  # until the scale of a point is exact to what float64 holds of it


class Edges(NamedTuple):
    """Pairs that attract each other, each in both directions, and how strongly: `weights` has 1 at most."""

    heads: Ids  # (edges,)
    tails: Ids  # (edges,)
    weights: Array  # (edges,)


def find_nearest(rows: Array, others: Array, *, count: int) -> tuple[Ids, Array]:
    """Return the `count` nearest of `others` (m, dim) to each of `rows` (n, dim), nearest first, and their distances.

    Of those found, equally near ones are in their own order. Both results are (n, count).
    """
    lengths = (others * others).sum(axis=1)
    doubled = np.ascontiguousarray(-2 * others.T)
    found, distances = [np.empty((0, count), dtype=np.int64)], [np.empty((0, count), dtype=np.float32)]
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        squares = block @ doubled
        squares += lengths  # less the row's own length, which is the same for all others
        nearest = np.sort(_find_least(squares, count=count), axis=1)
        least = np.take_along_axis(squares, nearest, axis=1) + (block * block).sum(axis=1)[:, None]
        order = np.argsort(least, axis=1, kind="stable")
        found.append(np.take_along_axis(nearest, order, axis=1))
        distances.append(np.sqrt(np.maximum(np.take_along_axis(least, order, axis=1), 0)))
    return np.concatenate(found), np.concatenate(distances)


def _find_least(numbers: Array, *, count: int) -> Ids:
    """Return where the `count` least of each row (n, m) are, in any order: (n, count).

    Of many, the least of each RUN of columns say in which runs to look: the `count` least lie in as many runs at most.
    """
    n, m = numbers.shape
    runs = m // RUN
    if runs <= 2 * count:
        return np.argpartition(numbers, count - 1, axis=1)[:, :count]
    of_runs = numbers[:, : runs * RUN].reshape(n, runs, RUN).min(axis=2)
    starts = np.argpartition(of_runs, count - 1, axis=1)[:, :count] * RUN
    places = (starts[:, :, None] + np.arange(RUN)).reshape(n, -1)
    rest = np.broadcast_to(np.arange(runs * RUN, m), (n, m - runs * RUN))
    places = np.concatenate([places, rest], axis=1)
    least = np.argpartition(np.take_along_axis(numbers, places, axis=1), count - 1, axis=1)[:, :count]
    return np.take_along_axis(places, least, axis=1)


def connect(rows: Array, *, neighbours: int = NEIGHBOURS) -> Edges:
    """Return the graph of n points (n, dim), n > 1: each with its nearest ones, and those that it is near to."""
    count = len(rows)
    near, distances = find_nearest(rows, rows, count=min(neighbours + 1, count))
    heads = np.repeat(np.arange(count), near.shape[1])
    is_other = near.ravel() != heads  # of copies of a point any may come first
    strengths = _weigh(distances).ravel()[is_other]
    return _make_mutual(heads[is_other], near.ravel()[is_other], strengths, count=count)


def _weigh(distances: Array) -> npt.NDArray[np.float64]:
    """Return exp(-(d - rho) / sigma) of the distances (n, k) of points, themselves included at about 0.

    rho is the distance of the nearest other one; sigma is such that the weights of a point sum up to log2(k).
    """
    beyond = np.maximum(distances - distances[:, 1:2], 0).astype(np.float64)
    target = np.log2(max(distances.shape[1] - 1, 2))
    low, high = np.zeros(len(distances)), np.full(len(distances), np.inf)
    sigma = np.ones(len(distances))
    for _ in range(BISECTIONS):
        is_wide = np.exp(-beyond[:, 1:] / sigma[:, None]).sum(axis=1) > target
        high, low = np.where(is_wide, sigma, high), np.where(is_wide, low, sigma)
        sigma = np.where(np.isinf(high), sigma * 2, (low + high) / 2)
    sigma = np.maximum(sigma, 1e-3 * max(float(distances.mean()), 1e-12))  # as umap-learn does, where many coincide
    weights: npt.NDArray[np.float64] = np.exp(-beyond / sigma[:, None])
    return weights


def _make_mutual(heads: Ids, tails: Ids, strengths: npt.NDArray[np.float64], *, count: int) -> Edges:
    """Return a + b - ab of what two points are worth to each other, in both directions."""
    keys, places = np.unique(np.concatenate([heads * count + tails, tails * count + heads]), return_inverse=True)
    there = np.bincount(places[: len(heads)], strengths, minlength=len(keys))
    back = np.bincount(places[len(heads) :], strengths, minlength=len(keys))
    weights = (there + back - there * back).astype(np.float32)
    return Edges(keys // count, keys % count, weights / weights.max())
