"""Weighted sum: turn the picture space onto the text space, then add."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from embeddings.fusion.base import Array, present_rows, share_weights
from embeddings.fusion.factorisation import factor
from embeddings.fusion.imputation import Imputation
from embeddings.unit_rows import unit_rows


@dataclass(frozen=True)
class WeightedFusion:
    """`w_t t + w_i Q i`, normalised; the orthogonal Q maximises the sum of `t . Q i` over products that have both.

    Q is the orthogonal Procrustes solution (Schoenemann 1966): with `T' I = U S V'` it is `U V'`. Half the width of a
    concatenation, and text and picture can be compared with each other; the price is that their cosines mix.
    """

    rotation: Array  # (width, width), width = max(text_dim, image_dim)
    imputation: Imputation | None = None
    name: ClassVar[str] = "weighted"

    @classmethod
    def fit(cls, text: Array, image: Array, *, text_weight: float, seed: int = 0) -> Self:
        """Fit the rotation on text (n, text_dim) and image (n, image_dim); the identity where no product has both."""
        width = max(text.shape[1], image.shape[1])
        both = present_rows(text) & present_rows(image)
        if not both.any():
            return cls(rotation=np.eye(width, dtype=np.float32))
        agreement = _widen(image[both], width).astype(np.float64).T @ _widen(text[both], width)
        left, _, right = factor(agreement)
        imputation = Imputation.fit(text, image, text_weight=text_weight, seed=seed)
        return cls(rotation=(left @ right).astype(np.float32), imputation=imputation)

    def fuse(self, text: Array, image: Array, *, text_weight: Array) -> Array:
        """Return (n, width) unit rows."""
        if self.imputation is not None:
            text, image = self.imputation.fill(text, image)
        weights = share_weights(text, image, text_weight=text_weight)
        width = len(self.rotation)
        turned = _widen(image, width) @ self.rotation
        return unit_rows(weights[:, :1] * _widen(text, width) + weights[:, 1:] * turned)

    def to_arrays(self) -> dict[str, Array]:
        imputed = self.imputation.to_arrays() if self.imputation else {}
        return {"rotation": self.rotation, **imputed}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        imputed = {name: array for name, array in arrays.items() if name != "rotation"}
        imputation = Imputation.from_arrays(imputed) if imputed else None
        return cls(rotation=arrays["rotation"], imputation=imputation)


def _widen(vectors: Array, width: int) -> Array:
    """Return `vectors` (n, d) with zeros up to `width` columns."""
    return np.pad(vectors, ((0, 0), (0, width - vectors.shape[1])))
