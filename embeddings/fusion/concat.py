"""Concatenation: keep both modalities side by side, scaled so that cosines add up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from embeddings.fusion.base import Array, share_weights
from embeddings.fusion.imputation import Imputation
from embeddings.unit_rows import unit_rows


@dataclass(frozen=True)
class ConcatFusion:
    """`[sqrt(w_t) t ; sqrt(w_i) i]` with w_t + w_i = 1.

    For unit t and i two products have the inner product `w_t cos(t, t') + w_i cos(i, i')`: the exact weighted mean of
    the modality cosines, the sum rule of score fusion (Kittler et al. 1998) in a form that an index can search.
    A modality that a product lacks is imputed, if an imputation was fitted.
    """

    imputation: Imputation | None = None
    name: ClassVar[str] = "concat"

    @classmethod
    def fit(cls, text: Array, image: Array, *, text_weight: float, seed: int = 0) -> Self:
        """Fit the imputation; the concatenation itself has nothing to fit."""
        return cls(imputation=Imputation.fit(text, image, text_weight=text_weight, seed=seed))

    def fuse(self, text: Array, image: Array, *, text_weight: Array) -> Array:
        """Return (n, text_dim + image_dim) unit rows."""
        if self.imputation is not None:
            text, image = self.imputation.fill(text, image)
        scales = np.sqrt(share_weights(text, image, text_weight=text_weight))
        return unit_rows(np.concatenate([scales[:, :1] * text, scales[:, 1:] * image], axis=1))

    def to_arrays(self) -> dict[str, Array]:
        return self.imputation.to_arrays() if self.imputation else {}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        return cls(imputation=Imputation.from_arrays(arrays) if arrays else None)
