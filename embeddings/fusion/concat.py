"""Concatenation: keep all modalities side by side, scaled so that cosines add up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from embeddings.fusion.base import Array, Vectors, share_weights
from embeddings.fusion.imputation import Imputation
from embeddings.unit_rows import unit_rows


@dataclass(frozen=True)
class ConcatFusion:
    """`[sqrt(w_1) v_1 ; sqrt(w_2) v_2 ; ...]` with weights that sum to 1.

    For unit rows two products have the inner product `sum_m w_m cos(v_m, v_m')`: the exact weighted mean of the
    modality cosines, the sum rule of score fusion (Kittler et al. 1998) in a form that an index can search.
    A modality that a product lacks is imputed, if an imputation was fitted.
    """

    imputation: Imputation | None = None
    name: ClassVar[str] = "concat"

    @classmethod
    def fit(cls, vectors: Vectors, *, weights: Mapping[str, float], seed: int = 0) -> Self:
        """Fit the imputation; the concatenation itself has nothing to fit."""
        return cls(imputation=Imputation.fit(vectors, weights=weights, seed=seed))

    def fuse(self, vectors: Vectors, weights: Vectors, *, reach: Array | float = 1.0) -> Array:
        """Return (n, all dims together) unit rows."""
        if self.imputation is not None:
            vectors = self.imputation.fill(vectors, reach=reach)
        scales = np.sqrt(share_weights(vectors, weights))
        scaled = [scales[:, [position]] * rows for position, rows in enumerate(vectors.values())]
        return unit_rows(np.concatenate(scaled, axis=1))

    def to_arrays(self) -> dict[str, Array]:
        return self.imputation.to_arrays() if self.imputation else {}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        return cls(imputation=Imputation.from_arrays(arrays) if arrays else None)
