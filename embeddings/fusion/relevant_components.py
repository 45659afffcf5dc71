"""Relevant components: along what the catalogue's most alike products differ, differences count a little less.

Of two mugs that all modalities find alike, what still differs is mostly the wording, the light and the encoder's noise.
Relevant component analysis (Bar-Hillel et al. 2003, "Learning Distance Functions using Equivalence Relations") measures
that within chunks of products that are known to be the same, and divides by it. Here no label knows them: pairs of
nearest neighbours stand for chunks. The map is linear and follows the output basis, so it is multiplied into it, and
neither storing nor fusing costs more.
"""

import numpy as np

from embeddings.fusion.base import Array
from embeddings.fusion.factorisation import find_axes
from embeddings.fusion.memory import SAME_PRODUCT

NEAREST = 3
SAMPLE = 2_000  # products: 16 MB of cosines
MIN_PAIRS = 30  # of fewer nobody can say along what they differ
# Added to the covariance, in units of its own mean eigenvalue, weighted by itself: where pairs differ most, 12 leaves
# about nine tenths. 8 gains a third more, and loses twice as much at worst (docs/evaluation.md).
PENALTY = 12.0


def fit_components(fused: Array, *, seed: int = 0) -> Array:
    """Return a symmetric map (dim, dim) of fused unit rows (n, dim), of products that have several modalities.

    `(C / c + p I)^-1/2 sqrt(p)`, with C the covariance of the differences in a pair, c the scale of its eigenvalues and
    p the penalty: 1 along what pairs have in common, less where they differ. The identity where pairs are few.
    """
    rows = fused[np.sort(np.random.default_rng(seed).permutation(len(fused))[:SAMPLE])]
    left, right = find_pairs(rows)
    differences = (rows[left] - rows[right]).astype(np.float64)
    values, axes = find_axes(differences.T @ differences / max(len(left), 1))
    values = np.maximum(values, 0)
    if len(left) < MIN_PAIRS or not values.any():
        return np.eye(fused.shape[1], dtype=np.float32)
    scaled = values * values.sum() / np.sum(values**2)
    components: Array = ((axes * np.sqrt(PENALTY / (scaled + PENALTY))) @ axes.T).astype(np.float32)
    return components


def find_pairs(rows: Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of pairs of unit rows (n, dim) that are each among the three nearest of the other.

    A copy of a product is not among them: it differs from it in nothing.
    """
    similarity = rows @ rows.T
    similarity[similarity > SAME_PRODUCT] = -1  # itself, too
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :NEAREST]
    near = np.zeros(similarity.shape, dtype=bool)
    np.put_along_axis(near, nearest, True, axis=1)
    left, right = np.nonzero(np.triu(near & near.T & (similarity > 0), 1))
    return left, right
