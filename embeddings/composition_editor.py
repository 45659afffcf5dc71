"""The text composition of a space in its form: one row for each part, beside the JSON that is sent."""

from __future__ import annotations

from typing import Any

from catalog.product_desk.json_editors import JsonEditor, read_usual_names
from embeddings.composition import ATTRIBUTE_PREFIX, PLAIN_FIELDS, TRANSLATED_FIELDS


class CompositionEditor(JsonEditor):
    """Offers the fields that a part may have, attributes that products have among them."""

    editor_template = "admin/embeddings/json_parts.html"

    class Media:
        js = ("embeddings/json_parts.js",)

    def describe(self) -> dict[str, Any]:
        attributes = [f"{ATTRIBUTE_PREFIX}{name}" for name in read_usual_names(None)]
        return {"names": [*sorted(TRANSLATED_FIELDS), *sorted(PLAIN_FIELDS), *attributes]}
