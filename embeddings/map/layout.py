"""From vectors to places in the plane: principal axes at once, then UMAP. NumPy alone; the same vectors, the same map.

UMAP is written here rather than installed. Measured on two cores, 15 neighbours: of 3,791 products of a shop it takes
3 s where umap-learn 0.5.12 takes 41 s the first time (it compiles itself), trustworthiness 0.902 and 0.909; of 20,000
synthetic ones 18 s and 57 s, 0.944 and 0.921. And umap-learn brings numba and LLVM, 210 MB, which are tied to versions
of NumPy and of Python.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embeddings.map.neighbours import Array, Edges, connect

SEED = 7
AXES = 50  # of the vectors, before neighbours are looked for: what lies beyond is noise
FEW = 5_000  # points; up to there more rounds cost little
ROUNDS_OF_FEW, ROUNDS = 400, 200
PARTS = 8  # of a round: points move that often, as umap-learn's do after each edge
PUSHES = 5  # random points that each one is pushed away from, for each that it is drawn to
A, B = 1.577, 0.895  # the curve 1 / (1 + a d^2b) that fits a least distance of 0.1
WIDTH = 10.0  # of the first layout, each way from its middle
MOST, INNER = 0.99, 0.85  # of the points along each axis, and the share of the width that they have
LONGEST_STEP = 4.0
GRAVITY = 0.03  # towards the middle, in each round: islands that nothing draws would drift off, and shrink all others
OnRound = Callable[[int, int], object]  # rounds done, rounds in all


def find_axes(vectors: Array, *, count: int = AXES) -> tuple[Array, Array]:
    """Return mean (dim,) and the principal axes (dim, up to `count`) of n vectors (n, dim), the longest first.

    An axis points to where its largest component is positive, so that no two runs mirror each other.
    """
    mean = vectors.mean(axis=0)
    centred = (vectors - mean).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, : min(count, vectors.shape[1])]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return mean.astype(np.float32), (axes * signs).astype(np.float32)


def spread(places: Array) -> Array:
    """Return places (n, 2) moved and scaled to within WIDTH of the middle.

    As most of them need it: the few that lie far off are drawn in to the rim, in the order in which they lie.
    """
    low, high = np.quantile(places, [1 - MOST, MOST], axis=0)
    shares = (places - (low + high) / 2) * (2 * INNER / max(float((high - low).max()), 1e-9))
    beyond = np.maximum(np.abs(shares) - INNER, 0) / (1 - INNER)
    drawn_in = np.minimum(np.abs(shares), INNER) + (1 - INNER) * np.tanh(beyond)
    return np.asarray(WIDTH * np.sign(shares) * drawn_in, dtype=np.float32)


def lay_out(rows: Array, start: Array, *, on_round: OnRound = lambda done, total: None) -> Array:
    """Return where n points (n, dim) lie in the plane (n, 2), by UMAP from where they `start` (n, 2).

    What is near stays near; distances between groups say little. Three points and fewer stay where they start.
    """
    if len(rows) <= 3:
        return spread(start)
    rounds = ROUNDS_OF_FEW if len(rows) <= FEW else ROUNDS
    random = np.random.default_rng(SEED)
    edges = _keep_worthwhile(connect(rows), rounds=rounds)
    places = spread(start) + random.normal(scale=1e-3, size=start.shape).astype(np.float32)  # copies come apart
    for done in range(rounds):
        rate = 1 - done / rounds
        _move(places, edges, rate=rate, random=random)
        places -= np.float32(GRAVITY * rate) * (places - places.mean(axis=0))
        on_round(done + 1, rounds)
    return spread(places)


def _keep_worthwhile(edges: Edges, *, rounds: int) -> Edges:
    """Leave out pairs that would not be drawn once."""
    kept = edges.weights >= 1 / rounds
    return Edges(edges.heads[kept], edges.tails[kept], edges.weights[kept])


def _move(places: Array, edges: Edges, *, rate: float, random: np.random.Generator) -> None:
    """Draw pairs together by chance of their weight, and push each away from some that are picked at random."""
    drawn = np.flatnonzero(random.random(len(edges.weights), dtype=np.float32) < edges.weights)
    random.shuffle(drawn)
    count = len(places)
    for part in np.array_split(drawn, PARTS):
        heads, tails = edges.heads[part], edges.tails[part]
        pull = _pull(places[heads] - places[tails])
        pushed = np.repeat(heads, PUSHES)
        others = random.integers(0, count, len(pushed))
        push = _push(places[pushed] - places[others])
        push[pushed == others] = 0
        for axis in (0, 1):
            step = np.bincount(heads, pull[:, axis], count) - np.bincount(tails, pull[:, axis], count)
            step += np.bincount(pushed, push[:, axis], count)
            places[:, axis] += (rate * step).astype(np.float32)


def _pull(apart: Array) -> Array:
    squares = (apart * apart).sum(axis=1)
    powers = np.power(squares, B - 1, where=squares > 0, out=np.zeros_like(squares))
    force = -2 * A * B * powers / (1 + A * powers * squares)
    return np.asarray(np.clip(force[:, None] * apart, -LONGEST_STEP, LONGEST_STEP), dtype=np.float32)


def _push(apart: Array) -> Array:
    squares = (apart * apart).sum(axis=1)
    force = 2 * B / ((0.001 + squares) * (1 + A * squares**B))
    return np.asarray(np.clip(force[:, None] * apart, -LONGEST_STEP, LONGEST_STEP), dtype=np.float32)
