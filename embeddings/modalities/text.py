"""Text: what a product says of itself, in the parts that the composition of the space declares."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext, gettext_lazy, gettext_noop

from catalog.models import Product
from embeddings.composition import TextPart, compose_texts
from embeddings.encoders.base import Array, TextEncoder
from embeddings.encoders.registry import get_text_encoder
from embeddings.modalities.declaration import Encoded, Input, Modality, Parts, TextInput

TEXT_FAILED = gettext_noop("In its text: %s")


class Text(Modality):
    name: ClassVar = "text"
    label: ClassVar = gettext_lazy("Text")
    noun: ClassVar = gettext_lazy("text")
    alone: ClassVar = gettext_lazy("The words alone")
    more: ClassVar = gettext_lazy("More like the words")
    end: ClassVar = gettext_lazy("Words")

    def read(self, product: Any, texts: Sequence[TextPart]) -> Parts:
        return tuple((make_text(text),) if text else () for text in compose_texts(product, texts))

    def is_had_by(self, product: Product) -> bool:
        return True

    def load_encoder(self, spec: str) -> TextEncoder:
        return get_text_encoder(spec)

    def encode(self, encoder: TextEncoder, inputs: Sequence[TextInput]) -> Encoded:
        return Encoded(encoder.encode_texts([one.text for one in inputs]), {})

    def describe_failure(self, why: str, *, position: int, count: int) -> str:
        return gettext(TEXT_FAILED) % why

    def weigh_parts(self, texts: Sequence[TextPart]) -> tuple[float, ...]:
        return tuple(part.weight for part in texts)

    def combine(self, vectors: Sequence[Array]) -> Array:
        return vectors[0]  # as it is: a part has one text

    def read_query(self, text: str) -> Input | None:
        return make_text(text)


def make_text(text: str) -> TextInput:
    return TextInput(hash_text(text), text)


def hash_text(text: str) -> str:
    """Return the sha256 under which a text is kept in EncodedInput."""
    return hashlib.sha256(text.encode()).hexdigest()
