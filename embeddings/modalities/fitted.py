"""Modalities without a network: their encoder is fitted on the catalogue, with the space, and is stored in it.

What it says is kept nowhere: it costs less than to look it up. A space that gains nothing from one does not have it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from embeddings.encoders.base import Array, Encoder, EncoderInfo, UnknownEncoder
from embeddings.modalities.declaration import Encoded, Modality, TextInput

Judged = Mapping[str, Mapping[str, float]]  # each part by what each witness says of it (fusion/parts.py)


@dataclass(frozen=True)
class Witnesses:
    """What text and picture say of some of the products, by which parts of what is fitted are judged."""

    rows: npt.NDArray[np.intp]  # (m,): which of the texts they are about
    vectors: Mapping[str, Array]  # by modality, (m, d) unit rows; none missing


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
    def fit(self, texts: Sequence[str], witnesses: Witnesses) -> tuple[FittedEncoder, Judged]:
        """Return an encoder fitted on the texts of a catalogue, or of a sample of it, and how its parts were judged."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> FittedEncoder:
        """Return the encoder that `to_arrays` described."""

    def load_encoder(self, spec: str) -> Encoder:
        raise UnknownEncoder(f"{self.name} needs no encoder: leave it out of the modality, or leave it empty.")

    def encode(self, encoder: FittedEncoder, inputs: Sequence[TextInput]) -> Encoded:
        return Encoded(encoder.encode([one.text for one in inputs]), {})

    def describe_failure(self, why: str, *, position: int, count: int) -> str:
        return why  # nothing of it can fail
