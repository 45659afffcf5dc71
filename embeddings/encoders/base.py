"""What every encoder promises. No torch here: the web process reads these names too."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Progress = Callable[[int], None]  # called with how many more inputs are done, as tqdm's update() wants it

IDENTITY_LENGTH = 300  # EncodedInput.encoder holds this many characters


class EncoderError(Exception):
    """An encoder cannot be used. The message says what to do next."""


class UnknownEncoder(EncoderError):
    """The spec names no encoder: the message lists the valid forms."""


class EncoderUnavailable(EncoderError):
    """The spec is right, but the weights are missing, damaged or not to be had without a network."""


@dataclass(frozen=True)
class EncoderInfo:
    """An encoder described: what it is called, what it gives and what it weighs."""

    spec: str  # as written in the settings or in the space, such as `packaged:e5-small`
    identity: str  # spec and a hash of weights and declaration: equal identities mean equal vectors
    dim: int
    modalities: frozenset[str]  # by name: "text", "image", and what else is declared in embeddings.modalities
    licence: str
    size_mb: float


@dataclass(frozen=True)
class EncodedImages:
    """Pictures or sounds encoded: unit rows, zero where one could not be used, with the reason by its position."""

    vectors: Array  # (n, dim)
    errors: dict[int, str]


class Encoder(Protocol):
    """What all encoders are, whatever they encode."""

    @property
    def info(self) -> EncoderInfo: ...


@runtime_checkable
class TextEncoder(Protocol):
    """Turns texts into unit vectors. Safe to call from several threads."""

    @property
    def info(self) -> EncoderInfo: ...

    def encode_texts(
        self, texts: Sequence[str], *, batch_size: int | None = None, progress: Progress | None = None
    ) -> Array:
        """Return (n, dim) float32 unit rows, in the order of `texts`.

        At most `batch_size` are encoded at once; None: as many as suit the device. Vectors do not depend on it.
        """


@runtime_checkable
class ImageEncoder(Protocol):
    """Turns pictures into unit vectors. Safe to call from several threads."""

    @property
    def info(self) -> EncoderInfo: ...

    def encode_images(
        self, images: Sequence[Callable[[], bytes]], *, batch_size: int | None = None, progress: Progress | None = None
    ) -> EncodedImages:
        """Return (n, dim) float32 unit rows and what was wrong with the pictures whose row is zero.

        Each element loads the bytes of one picture's file and is called in a decoding thread. A file that is missing
        or is no usable picture becomes an entry in `errors`; any other exception (storage that is down) is raised,
        because trying again later may help.
        """


@runtime_checkable
class AudioEncoder(Protocol):
    """Turns sounds into unit vectors. Safe to call from several threads."""

    @property
    def info(self) -> EncoderInfo: ...

    def encode_sounds(
        self, sounds: Sequence[Callable[[], bytes]], *, batch_size: int = 8, progress: Progress | None = None
    ) -> EncodedImages:
        """Return (n, dim) float32 unit rows and what was wrong with the sounds whose row is zero.

        Each element loads the bytes of one sound's file, as those of pictures do; errors are told apart as theirs are.
        """


def check_finite(vectors: Array) -> Array:
    """Return `vectors` as they are. Raise EncoderError where a number among them is not finite."""
    if not np.isfinite(vectors).all():
        raise EncoderError("The encoder gave numbers that are not finite: its weights are damaged. Install them again.")
    return vectors


def make_identity(spec: str, *, weights: str, declaration: Mapping[str, object]) -> str:
    """Return `spec` and 12 hexadecimal digits that change with the weights' sha256 and with anything declared."""
    parts = [weights, *(f"{name}={declaration[name]!r}" for name in sorted(declaration))]
    digest = hashlib.sha256("\x1f".join([spec, *parts]).encode()).hexdigest()
    return f"{spec[: IDENTITY_LENGTH - 13]}#{digest[:12]}"
