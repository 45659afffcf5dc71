"""A space that text and picture share: the directions in which the one says what the other one says.

Regularised canonical correlation analysis (Hotelling 1936; ridge: Vinod 1976), learned from the pairs of text and
picture that a catalogue is made of, and from no label. What both say about a product (that it is a mug) is what it is;
what only one says (the season's slogan, the colour of the background) mostly is not.
"""

import numpy as np

from embeddings.fusion.base import Array
from embeddings.fusion.factorisation import factor, find_axes


def fit_shared(text: Array, image: Array, *, dim: int, penalty: float) -> tuple[Array, Array]:
    """Return projections (text_dim, dim) and (image_dim, dim), fitted on rows of complete products, strongest first.

    With `C_t^-1/2 C_ti C_i^-1/2 = U S V'` they are `C_t^-1/2 U S` and `C_i^-1/2 V S`: each direction counts as much as
    the modalities agree on it. `penalty` is added to the covariances, in units of their mean eigenvalue.
    """
    width = min(dim, text.shape[1], image.shape[1])
    text_root, image_root = _inverse_root(text, penalty), _inverse_root(image, penalty)
    cross = text_root @ (text.astype(np.float64).T @ image / max(len(text), 1)) @ image_root
    left, correlations, right = factor(cross)
    left, right = left[:, :width] * correlations[:width], right[:width].T * correlations[:width]
    return (text_root @ left).astype(np.float32), (image_root @ right).astype(np.float32)


def _inverse_root(vectors: Array, penalty: float) -> np.ndarray:
    """Return the inverse square root (d, d) of the penalised covariance of `vectors` (n, d)."""
    wide = vectors.astype(np.float64)
    values, directions = find_axes(wide.T @ wide / max(len(wide), 1))
    values = np.maximum(values, 0)
    penalised = np.maximum(values + penalty * values.mean(), 1e-12)
    root: np.ndarray = (directions / np.sqrt(penalised)) @ directions.T
    return root
