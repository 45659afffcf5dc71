"""Words: what the title and the description of two products have in common to the letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt
from django.utils.translation import gettext_lazy

from embeddings.composition import MAX_CHARACTERS, TextPart
from embeddings.encoders.hashed_words import HashedWords
from embeddings.modalities.declaration import Input, Parts
from embeddings.modalities.fitted import FittedModality, Judged, Witnesses
from embeddings.modalities.text import Text, make_text


class Words(FittedModality):
    name: ClassVar = "words"
    source: ClassVar = Text.name
    label: ClassVar = gettext_lazy("Same words")
    noun: ClassVar = gettext_lazy("words")
    alone: ClassVar = gettext_lazy("The same words alone")
    more: ClassVar = gettext_lazy("More of the same words")
    end: ClassVar = gettext_lazy("Same words")

    def read(self, product: Any, texts: Sequence[TextPart]) -> Parts:
        said = f"{product.title}. {product.description}"[:MAX_CHARACTERS].strip(". ")
        return ((make_text(said),) if said else (),)

    def fit(self, texts: Sequence[str], witnesses: Witnesses) -> tuple[HashedWords, Judged]:
        return HashedWords.fit(texts), {}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> HashedWords:
        return HashedWords.from_arrays(arrays)

    def read_query(self, text: str) -> Input | None:
        return make_text(text)
