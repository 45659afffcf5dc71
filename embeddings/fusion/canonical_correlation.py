"""A space that modalities share: the directions in which each says what the others say.

Regularised canonical correlation analysis (Hotelling 1936; ridge: Vinod 1976), of more than two modalities by MAXVAR
(Kettenring 1971), learned from the products of a catalogue that have several, and from no label. What all say about a
product (that it is a mug) is what it is; what only one says (the season's slogan, the colour of the background) mostly
is not.
"""

from collections.abc import Sequence

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_rows
from embeddings.fusion.factorisation import factor, find_axes

Axes = Sequence[tuple[np.ndarray, np.ndarray]]  # of each modality: eigenvalues (d,) and eigenvectors (d, d)


def find_all_axes(vectors: Vectors) -> Axes:
    """Return the principal axes of each modality, of the rows that are there: the same for every penalty."""
    wide = [rows[present_rows(rows)].astype(np.float64) for rows in vectors.values()]
    return [find_axes(rows.T @ rows / max(len(rows), 1)) for rows in wide]


def fit_shared(vectors: Vectors, *, dim: int, penalty: float, axes: Axes | None = None) -> dict[str, Array]:
    """Return a projection (d, width) for each modality, strongest direction first; width: `dim` or the narrowest's d.

    With `C_m` the covariance of a modality and `K_mk = C_m^-1/2 C_mk C_k^-1/2`, the directions are those in which the
    whitened modalities agree most, each scaled by how much they do. `penalty` is added to the covariances, in units of
    their mean eigenvalue. Fitted on the rows that are there, pairs of modalities on the products that have both.
    axes: those of `find_all_axes`, where they are known already.
    """
    rows = list(vectors.values())
    width = min(dim, *(own.shape[1] for own in rows))
    roots = [_inverse_root(*own, penalty) for own in axes or find_all_axes(vectors)]
    directions = (_agree_in_pair if len(rows) == 2 else _agree_in_all)(rows, roots, width)
    return {name: (root @ own).astype(np.float32) for name, root, own in zip(vectors, roots, directions, strict=True)}


def _agree_in_pair(rows: Sequence[Array], roots: Sequence[np.ndarray], width: int) -> list[np.ndarray]:
    """Return `U S` and `V S` of `K = U S V'`, each (d, width)."""
    left, correlations, right = factor(_cross(rows, roots, 0, 1))
    return [left[:, :width] * correlations[:width], right[:width].T * correlations[:width]]


def _agree_in_all(rows: Sequence[Array], roots: Sequence[np.ndarray], width: int) -> list[np.ndarray]:
    """Return the blocks (d, width) of the leading eigenvectors of all K together, scaled by the mean correlation.

    Of two modalities these are `U S` and `V S` as above: an eigenvector is `(u, v) / sqrt 2`, its eigenvalue `1 + s`.
    """
    others = len(rows) - 1
    edges = np.cumsum([0, *(own.shape[1] for own in rows)])
    whole = np.eye(edges[-1]) * others  # nothing is below 0 then, and the directions are the same
    for left in range(len(rows)):
        for right in range(left + 1, len(rows)):
            block = _cross(rows, roots, left, right)
            whole[edges[left] : edges[left + 1], edges[right] : edges[right + 1]] = block
            whole[edges[right] : edges[right + 1], edges[left] : edges[left + 1]] = block.T
    values, axes = find_axes(whole)  # ascending
    agreement = np.maximum(values[::-1][:width] / max(others, 1) - 1, 0)
    leading = axes[:, ::-1][:, :width] * agreement * np.sqrt(len(rows))
    return np.split(leading, edges[1:-1])


def _cross(rows: Sequence[Array], roots: Sequence[np.ndarray], left: int, right: int) -> np.ndarray:
    """Return K, (d_left, d_right), over the products that have both modalities."""
    both = present_rows(rows[left]) & present_rows(rows[right])
    shared = rows[left][both].astype(np.float64).T @ rows[right][both] / max(int(both.sum()), 1)
    cross: np.ndarray = roots[left] @ shared @ roots[right]
    return cross


def _inverse_root(values: np.ndarray, directions: np.ndarray, penalty: float) -> np.ndarray:
    """Return the inverse square root (d, d) of the penalised covariance that has these eigenvalues and eigenvectors."""
    values = np.maximum(values, 0)
    penalised = np.maximum(values + penalty * values.mean(), 1e-12)
    root: np.ndarray = (directions / np.sqrt(penalised)) @ directions.T
    return root
