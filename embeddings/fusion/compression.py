"""Compression: a narrow basis fitted on the catalogue, whose width never depends on how many products there are.

Principal directions, not centred: calibrated vectors are centred already, and a projection through the origin keeps the
cosine (Eckart & Young 1936: the best rank-k approximation of the inner products).
"""

import numpy as np

from embeddings.fusion.base import Array, present_rows
from embeddings.fusion.factorisation import find_axes

RANK_TOLERANCE = 1e-9  # of the largest eigenvalue; below it a direction is rounding noise
# One column in so many, at least, is for what no fitted product has: else a new range vanishes in the old one.
RESERVED = 12


def fit_basis(vectors: Array, *, dim: int, seed: int = 0) -> Array:
    """Return a basis (d, dim) of orthogonal columns: the catalogue's principal directions, then a random complement.

    The complement lets products that come later keep what they do not share with the first ones. k of its r directions
    hold k / r of that by expectation, so its columns have the length sqrt(r / k): inner products come out right by
    expectation (Johnson & Lindenstrauss 1984), and normalising does not move new products towards the old ones.
    Where `dim` exceeds d, the columns that cannot exist are zero.
    """
    width = vectors.shape[1]
    kept = min(dim, width)
    rows = vectors[present_rows(vectors)].astype(np.float64)
    values, directions = find_axes(rows.T @ rows)  # ascending
    values, directions = values[::-1], directions[:, ::-1]
    rank = int(np.sum(values > RANK_TOLERANCE * max(values[0], 1e-12))) if width else 0
    rank = min(rank, kept if kept == width else kept - kept // RESERVED)
    basis = np.zeros((width, dim), dtype=np.float32)
    basis[:, :kept] = _complete(_fix_signs(directions[:, :rank]), kept, seed=seed)
    if rank < kept:
        basis[:, rank:kept] *= np.sqrt((width - rank) / (kept - rank))
    return basis


def compress(vectors: Array, basis: Array) -> Array:
    """Return `vectors` (n, d) in the coordinates of `basis` (d, dim): (n, dim), not normalised."""
    narrow: Array = (vectors.astype(np.float32) @ basis).astype(np.float32)
    return narrow


def _complete(principal: np.ndarray, dim: int, *, seed: int) -> np.ndarray:
    """Return `principal` (d, k) with dim - k further orthonormal columns, drawn from `seed`."""
    width, rank = principal.shape
    if rank >= dim:
        return principal[:, :dim]
    noise = np.random.default_rng(seed).standard_normal((width, dim - rank))
    for _ in range(2):  # twice is enough (Kahan, Parlett): once leaves a trace where noise lies almost inside the span
        noise -= principal @ (principal.T @ noise)
        noise, _ = np.linalg.qr(noise)
    return np.concatenate([principal, noise], axis=1)


def _fix_signs(directions: np.ndarray) -> np.ndarray:
    """Return `directions` with the largest entry of each column positive: an eigenvector's sign is arbitrary."""
    if not directions.size:
        return directions
    largest = np.argmax(np.abs(directions), axis=0)
    return directions * np.where(directions[largest, np.arange(directions.shape[1])] < 0, -1.0, 1.0)
