"""What the fields of a product may hold: one rule for each, whichever door a value comes through.

Rows of an import, bodies of the REST API and the admin's form all end here. How a door reads its own texts (a price in
a cell of a CSV file, a number in JSON) is its own affair; lengths and ranges are the model's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from catalog.categories import MAX_PATH_BYTES, normalize_path, split_path
from catalog.html_text import html_to_text
from catalog.models import Category, Product

MAX_DESCRIPTION = 100_000  # characters
MAX_MARKUP = 200_000  # characters of a text with its markup, before it is parsed
MAX_JSON_DEPTH = 20
MAX_JSON_CHARACTERS = 100_000
MAX_INTEGER = 2_147_483_647  # of a column of Postgres's type integer
LANGUAGE = "[a-z]{2,3}(?:-[a-z0-9]{2,8})?"
OBJECT_EXAMPLE = '{"colour": "red"}'
TRANSLATIONS_EXAMPLE = '{"zh": {"title": "花瓶"}}'


class BadValue(ValueError):
    """A value that no product can have. The message goes on from the field's name: "is nested too deeply"."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


def clean_title(text: str) -> str:
    """Return the title as text in one line."""
    return " ".join(read_text(text).split())


def read_text(text: str) -> str:
    """Return the text without its markup. Raises BadValue."""
    if len(text) > MAX_MARKUP:
        raise BadValue(f"is longer than {MAX_MARKUP:,} characters with its markup", code="max_length")
    return html_to_text(text)


def clean_description(text: str) -> str:
    """Return the description as text: a line for each paragraph or list item. Raises BadValue."""
    text = read_text(text)
    if len(text) > MAX_DESCRIPTION:
        raise BadValue(f"is longer than {MAX_DESCRIPTION:,} characters", code="max_length")
    return text


def clean_currency(code: str) -> str:
    """Return an ISO 4217 code in capital letters, or nothing. Raises BadValue."""
    if code and not re.fullmatch("[A-Za-z]{3}", code):
        raise BadValue("is not a code of three letters such as EUR", code="invalid")
    return code.upper()


def clean_url(text: str) -> str:
    """Return the address of a page of the web as links can hold it, or nothing. Raises BadValue."""
    text = text.strip().replace(" ", "%20")
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that are none
        is_address = False
    if text and not (is_address and re.fullmatch(r"[^\s\x00-\x20\x7f-\x9f\ud800-\udfff]+", text)):
        raise BadValue("is not an address that begins with http:// or https://", code="invalid")
    return text


def clean_category_path(path: str) -> str:
    """Return `A/B/C` as categories are kept; empty for none. Raises BadValue."""
    path = normalize_path(path)
    name_limit = Category._meta.get_field("name").max_length or 0
    path_limit = Category._meta.get_field("path").max_length or 0
    is_long = len(path) > path_limit or len(path.encode(errors="replace")) > MAX_PATH_BYTES
    if is_long or any(len(name) > name_limit for name in split_path(path)):
        limits = f"at most {name_limit} characters a name and {path_limit} in all, {MAX_PATH_BYTES:,} bytes in UTF-8"
        raise BadValue(f"is too long: {limits}", code="max_length")
    return path


def trim_price(price: Decimal) -> Decimal:
    """Return 9.9000 as 9.90: decimals that say nothing are no fault. What is no price is left for others to refuse."""
    if price.is_finite() and abs(price) < 10**12 and price == round(price, 2):
        return price.quantize(Decimal("0.01"))
    return price


def clean_attributes(value: Any) -> dict[str, Any]:
    """Return the JSON object that `value` is. Raises BadValue for anything else, and for what Postgres cannot keep."""
    if not isinstance(value, dict):
        raise BadValue(f"is not a JSON object: write it as {OBJECT_EXAMPLE}", code="not_an_object")
    check_json(value)
    if len(json.dumps(value, ensure_ascii=False)) > MAX_JSON_CHARACTERS:
        raise BadValue(f"is longer than {MAX_JSON_CHARACTERS:,} characters", code="too_long")
    return value


def check_json(value: Any, *, depth: int = 0) -> None:
    """Raise BadValue where JSON has what Postgres cannot keep: NUL, half surrogates, infinities, deep nests."""
    if depth > MAX_JSON_DEPTH:
        raise BadValue("is nested too deeply", code="too_deep")
    if isinstance(value, dict):
        for key, inner in value.items():
            check_json(key)
            check_json(inner, depth=depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_json(inner, depth=depth + 1)
    elif isinstance(value, str):
        check_characters(value)
    elif isinstance(value, float) and not math.isfinite(value):
        said = "Out of range float values are not JSON compliant"
        raise BadValue(f"is not JSON ({said}): write an object such as {OBJECT_EXAMPLE}", code="too_large")


def check_characters(text: str) -> None:
    """Raise BadValue for what is no character to Postgres."""
    if "\x00" in text:
        raise BadValue("holds a NUL character", code="bad_character")
    if re.search("[\ud800-\udfff]", text):
        raise BadValue("holds half of a surrogate pair", code="bad_character")


def clean_wording(name: str, text: str) -> str:
    """Return a title or description in another language, by the rules of the product's own, but it may be empty.

    Raises BadValue, or Django's ValidationError where the model's bounds are passed.
    """
    text = RULES[name](text)
    Product._meta.get_field(name).run_validators(text)  # type: ignore[union-attr]
    return text


def check_languages(translations: dict[str, Any]) -> None:
    """Raise BadValue where a language is not named as one."""
    for language in translations:
        if not re.fullmatch(LANGUAGE, language):
            raise BadValue("names a language otherwise than as in zh or pt-br", code="bad_language")


def drop_empty_wordings(translations: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return the translations without texts that are empty, and without languages that have none."""
    texts = {language: {name: text for name, text in kept.items() if text} for language, kept in translations.items()}
    return {language: wording for language, wording in texts.items() if wording}


def clean_translations(value: Any) -> dict[str, dict[str, str]]:
    """Return the translations in `value`, which somebody may have typed. Raises as `clean_wording` does."""
    if not isinstance(value, dict) or not all(isinstance(wording, dict) for wording in value.values()):
        raise BadValue(f"is not an object of objects: write it as {TRANSLATIONS_EXAMPLE}", code="not_an_object")
    check_languages(value)
    check_json(value)
    for wording in value.values():
        if not wording.keys() <= {"title", "description"} or not all(isinstance(t, str) for t in wording.values()):
            raise BadValue(
                f"holds more than titles and descriptions: write it as {TRANSLATIONS_EXAMPLE}", code="invalid"
            )
    cleaned = {
        language: {name: clean_wording(name, text) for name, text in wording.items()}
        for language, wording in value.items()
    }
    return drop_empty_wordings(cleaned)


# Of the fields that have more to them than the model says.
RULES: dict[str, Callable[[Any], Any]] = {
    "title": clean_title,
    "description": clean_description,
    "currency": clean_currency,
    "url": clean_url,
    "attributes": clean_attributes,
    "translations": clean_translations,
}
