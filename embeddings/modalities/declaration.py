"""What is said of a modality: what it reads from a product, who encodes that, and how it is shown.

Everything else (calibration, imputation, fusion, indexes, explanations, evaluation, the API) asks the registry and
knows no modality by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from django.db.models.expressions import Combinable

from catalog.models import Product
from embeddings.composition import TextPart
from embeddings.encoders.base import Array, Encoder
from embeddings.unit_rows import unit_rows

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class TextInput:
    """A text as it is given to an encoder."""

    sha256: str
    text: str


@dataclass(frozen=True)
class FileInput:
    """A picture or a sound: what it is known by, and how to read its file."""

    sha256: str
    load: Callable[[], bytes]
    name: str = ""  # in the shop's storage, where `load` reads it from there


Input = TextInput | FileInput


class Fetched(Protocol):
    """A file that passed its check."""

    @property
    def sha256(self) -> str:
        """Of the file as it came."""

    @property
    def content(self) -> bytes:
        """As the shop keeps it."""


Parts = tuple[tuple[Input, ...], ...]  # what a product has for each part of a modality; several inputs are averaged


@dataclass(frozen=True)
class Encoded:
    """What an encoder said: unit rows, zero where an input could not be used, with the reason by its position."""

    vectors: Array  # (n, dim)
    errors: Mapping[int, str]


class Modality(ABC):
    """One modality. The names of its class are what is stored, asked for and shown."""

    name: ClassVar[str]  # at most 20 characters: what is stored and what the API takes
    label: ClassVar[StrPromise]  # "Text": heads a column or a bar
    noun: ClassVar[StrPromise]  # "pictures": what a product has of it, after "its"
    alone: ClassVar[StrPromise]  # of a stop of the visitor's dial, "The words alone"
    more: ClassVar[StrPromise]  # and "More like the words"
    end: ClassVar[StrPromise]  # of the end of the dial, "Words"
    source: ClassVar[str] = ""  # the modality that reads the same of a product, if there is one (fusion/views.py)
    is_augmented: ClassVar[bool] = False
    is_fitted: ClassVar[bool] = False  # whether its encoder is fitted with the space (`fitted.py`) and not loaded
    default_weight: ClassVar[float] = 0.2  # beside the weights of text and picture, which sum to 1

    def propose_encoder(self) -> str:
        """Return the spec of the encoder that a new space should have of it; empty: no product has anything of it."""
        return ""

    def read_columns(self) -> dict[str, Combinable]:
        """Return what is read of a product beside its own columns, by a name of its own."""
        return {}

    def fingerprint(self) -> Combinable | None:
        """Return the SQL, a text, of what only this modality reads of a product; empty where it has nothing of it.

        None where what it reads is in the content hash of a product. A product without it keeps its fingerprint.
        """
        return None

    @abstractmethod
    def read(self, product: Any, texts: Sequence[TextPart]) -> Parts:
        """Return what is encoded of a product that has the columns of `read_columns`. `texts`: the composition.

        Raises AttributeError, TypeError, ValueError where it holds JSON of another shape than the shop's.
        """

    def is_had_by(self, product: Product) -> bool:
        """Return whether a visitor's dial of this product has stops of it; may ask the database once."""
        return False

    def read_file(self, name: str) -> bytes:
        """Return a file of the shop's storage; of modalities that are of files."""
        raise NotImplementedError

    def fetch_file(self, url: str) -> Fetched:
        """Return what is at a URL, checked like what is downloaded for a product. Raises FetchError, BadFile."""
        raise NotImplementedError

    @abstractmethod
    def load_encoder(self, spec: str) -> Encoder:
        """Return the encoder of a spec. Raises EncoderError."""

    @abstractmethod
    def encode(self, encoder: Any, inputs: Sequence[Any]) -> Encoded:
        """Return what an encoder that `load_encoder` gave says of inputs that `read` gave."""

    @abstractmethod
    def describe_failure(self, why: str, *, position: int, count: int) -> str:
        """Return in words that the input at `position` of `count`, from 1, could not be encoded."""

    def weigh_parts(self, texts: Sequence[TextPart]) -> tuple[float, ...]:
        """Return the weight of each part."""
        return (1.0,)

    def combine(self, vectors: Sequence[Array]) -> Array:
        """Return the one vector of the inputs of a part, unit length; `vectors` is never empty."""
        average = unit_rows([np.mean(vectors, axis=0)])[0]
        # Inputs that cancel each other out do not happen; were they to, the first speaks for the product.
        return average if average.any() else vectors[0]

    def read_query(self, text: str) -> Input | None:
        """Return what words that somebody searches for are in this modality; None where they are nothing."""
        return None

    def augment(self, source: Any, *, seed: int) -> Input:
        """Return an input as it might have been, for `train_fusion` to learn from; where it `is_augmented`."""
        raise NotImplementedError
