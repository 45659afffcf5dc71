"""What every fusion promises, and which rows count: a zero row means that a product lacks the modality."""

from collections.abc import Mapping
from typing import ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def present_rows(vectors: Array) -> npt.NDArray[np.bool_]:
    """Return (n,) booleans: True where a row holds a vector, False where it is all zero."""
    present: npt.NDArray[np.bool_] = np.any(vectors != 0, axis=1)
    return present


class Fusion(Protocol):
    """Joins calibrated text (n, text_dim) and image (n, image_dim) unit rows into one vector for each product.

    A zero row means that the product lacks the modality. `text_weight` (n,) lies in [0, 1]; the picture gets the rest.
    """

    name: ClassVar[str]

    def fuse(self, text: Array, image: Array, *, text_weight: Array) -> Array:
        """Return (n, d) unit rows; zero only where both modalities are missing."""

    def to_arrays(self) -> dict[str, Array]:
        """Return what was fitted, by name."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the fusion that `to_arrays` described."""


def share_weights(text: Array, image: Array, *, text_weight: Array) -> Array:
    """Return (n, 2) weights of text and picture, all of it to the one modality that a product has."""
    weights = np.stack([text_weight * present_rows(text), (1 - text_weight) * present_rows(image)], axis=1)
    total = weights.sum(axis=1, keepdims=True)
    either = np.stack([present_rows(text), present_rows(image)], axis=1).astype(np.float32)
    # A weight of 0 on the only modality that is there would leave nothing: what is present then shares equally.
    fallback = either / np.maximum(either.sum(axis=1, keepdims=True), 1)
    shares: Array = np.where(total > 0, weights / np.where(total > 0, total, 1), fallback).astype(np.float32)
    return shares
