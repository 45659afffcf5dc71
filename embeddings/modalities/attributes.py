"""Attributes: colour, material, weight and what else a shop says of a product by name, each compared by its type."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy.typing as npt
from django.utils.translation import gettext_lazy

from catalog.attributes import read_object
from embeddings.composition import TextPart
from embeddings.encoders.typed_attributes import OTHERS, TypedAttributes
from embeddings.fusion.parts import is_clear, judge_parts
from embeddings.modalities.declaration import Parts
from embeddings.modalities.fitted import FittedModality, Judged, Witnesses
from embeddings.modalities.text import make_text


class Attributes(FittedModality):
    name: ClassVar = "attributes"
    label: ClassVar = gettext_lazy("Attributes")
    noun: ClassVar = gettext_lazy("attributes")
    alone: ClassVar = gettext_lazy("The attributes alone")
    more: ClassVar = gettext_lazy("More like the attributes")
    end: ClassVar = gettext_lazy("Attributes")

    def read(self, product: Any, texts: Sequence[TextPart]) -> Parts:
        said = read_object(product.attributes)
        return ((make_text(json.dumps(said, sort_keys=True)),) if said else (),)

    def fit(self, texts: Sequence[str], witnesses: Witnesses) -> tuple[TypedAttributes, Judged]:
        fitted = TypedAttributes.fit(texts)
        parts = fitted.encode_parts([texts[row] for row in witnesses.rows])
        judged = judge_parts(parts, witnesses.vectors)
        if not judged:
            return fitted, judged  # too few products to judge them by: each counts
        weights = {key: float(is_clear(marks)) for key, marks in judged.items()}
        return replace(fitted, weights={OTHERS: 0.0} | weights), judged

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> TypedAttributes:
        return TypedAttributes.from_arrays(arrays)
