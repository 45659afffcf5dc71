"""What every fusion promises, and which rows count: a zero row means that a product lacks the modality.

Vectors are mappings from the name of a modality to the rows of n products, always in the order of the pipeline that
they belong to: what is laid side by side has that order.
"""

from collections.abc import Mapping
from typing import ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Vectors = Mapping[str, Array]  # by modality, each (n, d): calibrated unit rows, zero where a product lacks it


def present_rows(vectors: Array) -> npt.NDArray[np.bool_]:
    """Return (n,) booleans: True where a row holds a vector, False where it is all zero."""
    present: npt.NDArray[np.bool_] = np.any(vectors != 0, axis=1)
    return present


def present_modalities(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """Return (n, modalities) booleans: True where a product has the modality."""
    return np.stack([present_rows(rows) for rows in vectors.values()], axis=1)


def spread_strength(strength: float, reach: Array | float, *, count: int) -> Array:
    """Return (count, 1): how much something learned counts for each product, `strength` where all is within reach."""
    strengths: Array = np.broadcast_to(np.float32(strength * np.asarray(reach)), count)[:, None]
    return strengths


class Fusion(Protocol):
    """Joins calibrated unit rows of any set of modalities into one vector for each product.

    `weights` gives each modality (n,) numbers of at least 0; what a product lacks leaves its weight to the others.
    `reach`, one number or (n,) in [0, 1], is how much what was learned counts for a product (reach.py).
    """

    name: ClassVar[str]

    def fuse(self, vectors: Vectors, weights: Vectors, *, reach: Array | float = 1.0) -> Array:
        """Return (n, d) unit rows; zero only where every modality is missing."""

    def to_arrays(self) -> dict[str, Array]:
        """Return what was fitted, by name."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the fusion that `to_arrays` described."""


def share_weights(vectors: Vectors, weights: Vectors) -> Array:
    """Return (n, modalities) weights that sum to 1 over the modalities that a product has."""
    either = present_modalities(vectors).astype(np.float32)
    shared = np.stack([weights[name] for name in vectors], axis=1) * either
    total = shared.sum(axis=1, keepdims=True)
    # A weight of 0 on the only modality that is there would leave nothing: what is present then shares equally.
    fallback = either / np.maximum(either.sum(axis=1, keepdims=True), 1)
    shares: Array = np.where(total > 0, shared / np.where(total > 0, total, 1), fallback).astype(np.float32)
    return shares
