"""In what two recipes differ, in words."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.utils.text import capfirst

from embeddings.models import EmbeddingSpace

# In the order of the form; then what fitting has set.
COMPARED = (*EmbeddingSpace.RECIPE_FIELDS, "text_identity", "image_identity", "fitted_on")


@dataclass(frozen=True)
class Difference:
    """One field in which two spaces differ."""

    label: str
    left: str
    right: str


def list_differences(left: EmbeddingSpace, right: EmbeddingSpace) -> list[Difference]:
    """Return the fields of the recipes that differ, in the order of the form."""
    found = []
    fields = {field.name: field for field in EmbeddingSpace._meta.fields}
    for name in COMPARED:
        ours, theirs = getattr(left, name), getattr(right, name)
        if ours != theirs:
            label = capfirst(str(fields[name].verbose_name))
            found.append(Difference(label, _write(ours), _write(theirs)))
    return found


def _write(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False) if value else "–"
    return f"{value:g}" if isinstance(value, float) else str(value or "–")
