"""From a product to the texts that are encoded, by the declaration of a space.

A declaration is a list of parts: `{"name": "title", "weight": 0.5, "fields": ["title"]}`, and where wanted
`"languages"` (such as `["zh", ""]`; empty is the catalogue's own wording, `*` every translation) and `"separator"`.
Fields are title, description, brand, category, collection and `attributes.NAME`. Each part is encoded for itself; the
weights say how much each counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from catalog.models import Product

DEFAULT_COMPOSITION: list[dict[str, Any]] = [
    {"name": "title", "weight": 0.5, "fields": ["title"]},
    {"name": "title and description", "weight": 0.5, "fields": ["title", "description"]},
]
# A part {"name": "translated titles", "weight": 0.5, "fields": ["title"], "languages": ["*"]} pays where visitors
# search in the languages of the translations: on homeware, searches in Chinese find what they mean at an MRR of .82
# instead of .35, while those in English fall from .78 to .73 and similar products from .921 to .911 nDCG@10.
EVERY_TRANSLATION = "*"
TRANSLATED_FIELDS = frozenset({"title", "description"})
PLAIN_FIELDS = frozenset({"brand", "category", "collection"})
ATTRIBUTE_PREFIX = "attributes."
MAX_PARTS = 8
MAX_CHARACTERS = 10_000  # encoders read at most about 2,000 of them; a longer text only costs time


class InvalidComposition(ValueError):
    """A text composition cannot be used. The message names the part and what it may hold."""


@dataclass(frozen=True)
class TextPart:
    """One text of a product: the values of `fields`, in order, joined by `separator`."""

    name: str
    weight: float
    fields: tuple[str, ...]
    languages: tuple[str, ...] = ("",)
    separator: str = ". "


def parse_composition(declaration: Any) -> tuple[TextPart, ...]:
    """Return the declared parts. Raises InvalidComposition."""
    if not isinstance(declaration, list) or not 1 <= len(declaration) <= MAX_PARTS:
        raise InvalidComposition(gettext("A text composition is a list of 1 to %d parts.") % MAX_PARTS)
    parts = tuple(_parse_part(part) for part in declaration)
    if sum(part.weight for part in parts) <= 0:
        raise InvalidComposition(gettext("At least one part of a text composition needs a weight above 0."))
    return parts


def compose_texts(product: Product, parts: Sequence[TextPart]) -> tuple[str | None, ...]:
    """Return one text for each part; None where it is empty or says the same as an earlier part."""
    texts: list[str | None] = []
    for part in parts:
        values = dict.fromkeys(value for value in _iterate_values(product, part) if value)
        text = part.separator.join(values)[:MAX_CHARACTERS].strip()
        texts.append(text if text and text not in texts else None)
    return tuple(texts)


def _parse_part(part: Any) -> TextPart:
    if not isinstance(part, dict) or not isinstance(part.get("fields"), list) or not part["fields"]:
        raise InvalidComposition(
            gettext("A part has a name, a weight and a list of fields; this one is %s.") % repr(part)
        )
    unknown = [field for field in part["fields"] if not _is_known_field(field)]
    if unknown:
        known = ", ".join(sorted(TRANSLATED_FIELDS | PLAIN_FIELDS))
        raise InvalidComposition(
            gettext("Unknown field %(field)r: choose among %(known)s and attributes.NAME.")
            % {"field": unknown[0], "known": known}
        )
    weight = part.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1000:
        raise InvalidComposition(gettext("The weight of a part is a number from 0 to 1000, not %s.") % repr(weight))
    return TextPart(
        name=str(part.get("name") or ", ".join(part["fields"])),
        weight=float(weight),
        fields=tuple(part["fields"]),
        languages=tuple(str(language) for language in part.get("languages") or [""]),
        separator=str(part.get("separator", ". ")),
    )


def _is_known_field(field: object) -> bool:
    if not isinstance(field, str):
        return False
    return field in TRANSLATED_FIELDS | PLAIN_FIELDS or (
        len(field) > len(ATTRIBUTE_PREFIX) and field.startswith(ATTRIBUTE_PREFIX)
    )


def _iterate_values(product: Product, part: TextPart) -> Iterator[str]:
    for language in part.languages:
        translations = sorted(product.translations) if language == EVERY_TRANSLATION else [language]
        for code in translations:
            for field in part.fields:
                yield _read_field(product, field, code).strip()


def _read_field(product: Product, field: str, language: str) -> str:
    if field in TRANSLATED_FIELDS:
        if language and not isinstance(product.translations, dict):
            raise TypeError("translations is no object")  # pages show nothing of it; an encoder would learn a gap
        return product.translated(field, language=language) if language else getattr(product, field)
    if field == "category":
        return product.category.path.replace("/", ", ") if product.category else ""
    if field in PLAIN_FIELDS:
        return str(getattr(product, field))
    return _describe_attribute(product.attributes.get(field.removeprefix(ATTRIBUTE_PREFIX)))


def _describe_attribute(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, (_describe_attribute(item) for item in value)))
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
