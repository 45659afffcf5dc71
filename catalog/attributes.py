"""Attributes as people read them: `{"weight_g": 420}` is "Weight: 420 g"."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext

from catalog.wordings.lexicon import word_attribute, word_value

OBJECT_EXAMPLE = '{"colour": "red"}'
TRANSLATIONS_EXAMPLE = '{"zh": {"title": "花瓶"}}'
UNITS = {"mm", "cm", "m", "g", "kg", "ml", "l", "w", "v", "inch", "lb", "oz"}
SPELLED = {"l": "L", "w": "W", "v": "V", "inch": "in"}


def validate_object(value: Any) -> None:
    """Raise ValidationError for what is no JSON object."""
    if not isinstance(value, dict):
        raise ValidationError(
            gettext("It is not a JSON object: write it as %s.") % OBJECT_EXAMPLE, code="not_an_object"
        )


def validate_wordings(value: Any) -> None:
    """Raise ValidationError for what is no object of languages, each an object of texts."""
    wordings = value.values() if isinstance(value, dict) else [None]
    if not all(isinstance(wording, dict) and all(isinstance(t, str) for t in wording.values()) for wording in wordings):
        raise ValidationError(
            gettext("It is not an object of objects: write it as %s.") % TRANSLATIONS_EXAMPLE, code="not_an_object"
        )


def read_object(value: Any) -> dict[str, Any]:
    """Return a stored JSON object; an empty one for anything else, which raw SQL can have left in the column."""
    return value if isinstance(value, dict) else {}


def read_wordings(value: Any) -> dict[str, dict[str, str]]:
    """Return what stored translations have by language and field, without what is none and was left by raw SQL."""
    wordings = {language: read_object(wording) for language, wording in read_object(value).items()}
    texts = {
        language: {field: text for field, text in wording.items() if isinstance(text, str)}
        for language, wording in wordings.items()
    }
    return {language: wording for language, wording in texts.items() if wording}


def find_wording(translations: Any, field: str, *, language: str | None = None) -> str:
    """Return `title` or `description` in a language, an empty text where there is none. None: the request's language.

    `zh-hans` is looked up as such, then as `zh`, and then as what is spoken elsewhere (`zh-hant`, by name).
    `translations` may be anything, as in `read_object`.
    """
    wanted, there = language or get_language() or "en", read_object(translations)
    base = wanted.split("-", maxsplit=1)[0]
    for code in (wanted, base, *sorted(code for code in there if code.startswith(f"{base}-"))):
        text = read_object(there.get(code)).get(field)
        if text and isinstance(text, str):
            return text
    return ""


def localize_title(title: str, translations: str) -> str:
    """Return the title in the request's language where it is among the translations, which are JSON; else `title`."""
    if translations == "{}":  # most have none
        return title
    return find_wording(json.loads(translations), "title") or title


def is_same_json(one: Any, other: Any) -> bool:
    """Would Postgres keep both in the same form? To Python 1, 1.0 and True are equal; there they are three values."""
    return _is_plainly_same(one, other) or bool(spell_numbers(one) == spell_numbers(other))


def _is_plainly_same(one: Any, other: Any) -> bool:
    """The quick look, which nearly always does."""
    if type(one) is not type(other):
        return False
    if type(one) is dict:
        return one.keys() == other.keys() and all(_is_plainly_same(inner, other[key]) for key, inner in one.items())
    if type(one) is list:
        return len(one) == len(other) and all(map(_is_plainly_same, one, other))
    return bool(one == other)


def spell_numbers(value: Any) -> Any:
    """Return the value with its numbers as Postgres writes them: without exponents, and zero without a sign."""

    def spell(text: str) -> tuple[str]:  # a tuple: JSON has none, so a number is never taken for a text
        number = Decimal(text)
        return (format(number or number.copy_abs(), "f"),)

    return json.loads(json.dumps(value), parse_int=spell, parse_float=spell)


def describe_attributes(attributes: Any) -> list[tuple[str, str]]:
    """Return a label and a text for each attribute that says something, in the order in which they are kept.

    Both are in the request's language where the shop has worded them.
    """
    texts = {key: describe_value(value, key=key) for key, value in read_object(attributes).items()}
    return [(label_attribute(key), text) for key, text in texts.items() if text]


def label_attribute(key: str) -> str:
    """Return what people read for an attribute, in the request's language where the shop has worded it."""
    label, _ = split_unit(key)
    return word_attribute(key, label) or label


def split_unit(key: str) -> tuple[str, str]:
    """`weight_g` is ("Weight", "g"); `colour` is ("Colour", "")."""
    words = key.replace("-", "_").split("_")
    unit = words.pop().lower() if len(words) > 1 and words[-1].lower() in UNITS else ""
    label = " ".join(words).strip()
    return label[:1].upper() + label[1:], SPELLED.get(unit, unit)


def describe_value(value: Any, *, key: str, unit: str = "") -> str:
    """Return the value of an attribute as text: lists and nested objects in one line; empty for nothing.

    `unit` is that of the attribute around it, where its own name has none.
    """
    unit = split_unit(key)[1] or unit
    if isinstance(value, dict):
        described = ((label_attribute(name), describe_value(part, key=name, unit=unit)) for name, part in value.items())
        return ", ".join(f"{label.lower()} {text}" for label, text in described if text)
    if isinstance(value, list):
        return ", ".join(text for part in value if (text := describe_value(part, key=key, unit=unit)))
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        text = gettext("yes") if value else gettext("no")
    else:
        text = word_value(key, value) if isinstance(value, str) else str(value)
    return f"{text} {unit}".strip()
