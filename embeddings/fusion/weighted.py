"""Weighted sum: turn every modality onto the first one, then add."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_rows, share_weights
from embeddings.fusion.factorisation import factor
from embeddings.fusion.imputation import Imputation
from embeddings.unit_rows import unit_rows

ROTATION = "_rotation"  # how the names of their arrays end


@dataclass(frozen=True)
class WeightedFusion:
    """`sum_m w_m Q_m v_m`, normalised; Q_m maximises the sum of `v_1 . Q_m v_m` over products that have both.

    Each Q is the orthogonal Procrustes solution (Schoenemann 1966): with `V_1' V_m = U S V'` it is `U V'`; that of the
    first modality is the identity. As wide as the widest modality alone, and they can be compared with each other; the
    price is that their cosines mix.
    """

    rotations: Vectors  # by modality but the first, each (width, width), width: that of the widest modality
    imputation: Imputation | None = None
    name: ClassVar[str] = "weighted"

    @classmethod
    def fit(cls, vectors: Vectors, *, weights: Mapping[str, float], seed: int = 0) -> Self:
        """Fit the rotations; the identity where no product has the first modality and the other one."""
        width = max(rows.shape[1] for rows in vectors.values())
        first, *others = vectors
        rotations = {name: _fit_rotation(vectors[first], vectors[name], width=width) for name in others}
        fitted = {name: rotation for name, rotation in rotations.items() if rotation is not None}
        return cls(
            rotations={name: fitted.get(name, np.eye(width, dtype=np.float32)) for name in others},
            imputation=Imputation.fit(vectors, weights=weights, seed=seed) if fitted else None,
        )

    def fuse(self, vectors: Vectors, weights: Vectors, *, reach: Array | float = 1.0) -> Array:
        """Return (n, width) unit rows."""
        if self.imputation is not None:
            vectors = self.imputation.fill(vectors, reach=reach)
        shares = share_weights(vectors, weights)
        return unit_rows(
            sum(shares[:, [position]] * self._turn(name, vectors) for position, name in enumerate(vectors))
        )

    def _turn(self, name: str, vectors: Vectors) -> Array:
        width = max(rows.shape[1] for rows in vectors.values())
        wide = _widen(vectors[name], width)
        return wide @ self.rotations[name] if name in self.rotations else wide

    def to_arrays(self) -> dict[str, Array]:
        imputed = self.imputation.to_arrays() if self.imputation else {}
        return {f"{name}{ROTATION}": rotation for name, rotation in self.rotations.items()} | imputed

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        imputed = {name: array for name, array in arrays.items() if not name.endswith(ROTATION)}
        return cls(
            rotations={name.removesuffix(ROTATION): array for name, array in arrays.items() if name not in imputed},
            imputation=Imputation.from_arrays(imputed) if imputed else None,
        )


def _fit_rotation(first: Array, other: Array, *, width: int) -> Array | None:
    """Return the (width, width) rotation of `other` onto `first`; None where no product has both."""
    both = present_rows(first) & present_rows(other)
    if not both.any():
        return None
    left, _, right = factor(_widen(other[both], width).astype(np.float64).T @ _widen(first[both], width))
    rotation: Array = (left @ right).astype(np.float32)
    return rotation


def _widen(vectors: Array, width: int) -> Array:
    """Return `vectors` (n, d) with zeros up to `width` columns."""
    return np.pad(vectors, ((0, 0), (0, width - vectors.shape[1])))
