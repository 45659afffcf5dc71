"""What the meanings of words are called in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.colours import BASIC_COLOURS
from catalog.wordings.lexicon import read_wordings, word_category, word_value


def word_label(term: Mapping[str, Any]) -> str:
    """Return how a term is shown: a colour, category or value of an attribute as the language of the request says."""
    kind, name, value, label = term["kind"], term["name"], term["value"], str(term["label"])
    if kind == "colour":
        return str(BASIC_COLOURS[value])
    if kind not in ("category", "attribute") or not read_wordings():
        return label
    said, own = (
        (word_category(value), value.rpartition("/")[2]) if kind == "category" else (word_value(name, value), value)
    )
    return label if said == own else said
