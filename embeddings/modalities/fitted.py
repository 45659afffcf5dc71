"""Modalities without a network: their encoder is fitted on the catalogue, with the space, and is stored in it.

What it says is kept nowhere: it costs less than to look it up. A space that gains nothing from one does not have it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy.typing as npt

from embeddings.encoders.base import Array, Encoder, EncoderInfo, UnknownEncoder
from embeddings.modalities.declaration import Encoded, Modality, TextInput


class FittedEncoder(Protocol):
    """An encoder that a space holds."""

    @property
    def info(self) -> EncoderInfo: ...

    def encode(self, texts: Sequence[str]) -> Array:
        """Return (n, dim) unit rows; zero where a text says nothing."""

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what was fitted, by name."""


class FittedModality(Modality):
    is_fitted: ClassVar[bool] = True

    @abstractmethod
    def fit(self, texts: Sequence[str]) -> FittedEncoder:
        """Return an encoder fitted on the texts of a catalogue, or of a sample of it."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> FittedEncoder:
        """Return the encoder that `to_arrays` described."""

    def load_encoder(self, spec: str) -> Encoder:
        raise UnknownEncoder(f"{self.name} needs no encoder: leave it out of the modality, or leave it empty.")

    def encode(self, encoder: FittedEncoder, inputs: Sequence[TextInput]) -> Encoded:
        return Encoded(encoder.encode([one.text for one in inputs]), {})

    def describe_failure(self, why: str, *, position: int, count: int) -> str:
        return why  # nothing of it can fail
