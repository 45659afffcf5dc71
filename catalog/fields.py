"""What the fields of a product may hold: one rule for each, whichever door a value comes through.

Rows of an import, bodies of the REST API and the admin's form all end here. Lengths and ranges are the model's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext

from catalog.attributes import OBJECT_EXAMPLE, TRANSLATIONS_EXAMPLE
from catalog.bounds import keep_bounds
from catalog.categories import MAX_PATH_BYTES, SEPARATOR, normalize_path, split_path
from catalog.characters import clean_characters, clean_name, drop_unseen
from catalog.html_text import html_to_text, strip_ballast
from catalog.models import Category
from catalog.prices import clean_currency
from catalog.refusals import BadValue
from catalog.web_addresses import clean_url
from catalog.wordings.wording import LANGUAGE as LANGUAGE
from catalog.yes_no import read_yes_no

MAX_DESCRIPTION = 100_000  # characters
MAX_MARKUP = 200_000  # characters of a text with its markup, before it is parsed
MAX_JSON_DEPTH = 20
MAX_JSON_CHARACTERS = 100_000
PLAIN_INTEGER = 10**18
PLAIN_NAMES, PLAIN_LENGTH = 50, 200  # so few of so few characters each are within that, however they are spelled
MAX_INTEGER = 2_147_483_647  # of a column of Postgres's type integer
# Pictures within a text; they are not read, and would make it longer than it is.
EMBEDDED = re.compile(r"data:[a-zA-Z0-9/+.;=-]{0,100},(?:[A-Za-z0-9+/=%]{60,}\s*)+")
SURROGATE = re.compile("[\ud800-\udfff]")
spell_json = json.JSONEncoder(ensure_ascii=False).encode
ROUNDED = re.compile(r"\d([.,]\d+)?[eE]\+\d{2}")  # 8.85E+12


def clean_line(text: str) -> str:
    """Return a title, brand or other name as text in one line. Raises BadValue."""
    return " ".join(read_text(text).split())


def read_text(text: str) -> str:
    """Return the text without its markup and without what nobody sees. Raises BadValue."""
    check_characters(text)
    if "data:" in text:
        text = EMBEDDED.sub("data:,", text)
    if len(text) > MAX_MARKUP:
        text = strip_ballast(text)
    if len(text) > MAX_MARKUP:
        raise BadValue(gettext("is longer than %s characters with its markup") % f"{MAX_MARKUP:,}", code="max_length")
    return html_to_text(text)


def clean_description(text: str) -> str:
    """Return the description as text: a line for each paragraph or list item. Raises BadValue."""
    text = read_text(text)
    if len(text) > MAX_DESCRIPTION:
        raise BadValue(gettext("is longer than %s characters") % f"{MAX_DESCRIPTION:,}", code="max_length")
    return text


def clean_identifier(text: str) -> str:
    """Return a sku or the like: its own letters, without what nobody sees and spaces around it. Raises BadValue."""
    text = drop_unseen(text).strip()
    if ROUNDED.fullmatch(text):
        raise BadValue(gettext("is a number that a spreadsheet rounded: format the column as text"), code="rounded")
    return text


def clean_stock(text: str) -> int | None:
    """Return how many there are; None for nothing. Raises BadValue."""
    text = drop_unseen(text).strip()
    if not text:
        return None
    number = re.fullmatch(r"(\d{1,18})([.,]0*)?", text)
    if not number or re.fullmatch(r"[1-9]\d{0,2}[.,]000", text):  # 1.000 is a thousand to some
        raise BadValue(gettext("is not a whole number from 0 up (leave it empty if it is not counted)"), code="invalid")
    return int(number[1])


def clean_flag(text: str) -> bool:
    """Return what a word for yes or no says, also as spreadsheets in other languages write it. Raises BadValue."""
    flag = read_yes_no(clean_name(text))
    if flag is None:
        raise BadValue(gettext("is neither true nor false"), code="invalid")
    return flag


def clean_category_path(path: str) -> str:
    """Return `A/B/C` as categories are kept; empty for none. `A > B` is read as well. Raises BadValue."""
    path = clean_line(path)
    if ">" in path:  # as marketplaces write it; a slash is part of a name there
        path = path.replace(SEPARATOR, "-").replace(">", SEPARATOR)
    path = normalize_path(path)
    name_limit = Category._meta.get_field("name").max_length or 0
    path_limit = Category._meta.get_field("path").max_length or 0
    is_long = len(path) > path_limit or len(path.encode()) > MAX_PATH_BYTES
    if is_long or any(len(name) > name_limit for name in split_path(path)):
        said = gettext("is too long: at most %(name)s characters a name and %(path)s in all, %(bytes)s bytes in UTF-8")
        limits = {"name": name_limit, "path": path_limit, "bytes": f"{MAX_PATH_BYTES:,}"}
        raise BadValue(said % limits, code="max_length")
    return path


def clean_attributes(value: Any) -> dict[str, Any]:
    """Return the JSON object that `value` is. Raises BadValue for anything else, and for what Postgres cannot keep."""
    if not isinstance(value, dict):
        raise BadValue(gettext("is not a JSON object: write it as %s") % OBJECT_EXAMPLE, code="not_an_object")
    if is_plain_object(value):
        return value
    check_json(value)
    if len(spell_json(value)) > MAX_JSON_CHARACTERS:
        raise BadValue(gettext("is longer than %s characters") % f"{MAX_JSON_CHARACTERS:,}", code="too_long")
    cleaned: dict[str, Any] = clean_json(value)
    return cleaned


def is_plain_object(value: dict[str, Any]) -> bool:
    """Is it a small JSON object of short names, texts and whole numbers, in all of which nothing is to be mended?"""
    return len(value) <= PLAIN_NAMES and all(
        is_plain_text(key)
        and "  " not in key
        and key == key.strip()
        and (is_plain_text(inner) or (type(inner) is int and abs(inner) < PLAIN_INTEGER))
        for key, inner in value.items()
    )


def is_plain_text(text: Any) -> bool:
    return type(text) is str and len(text) <= PLAIN_LENGTH and text.isascii() and text.isprintable()


def clean_json(value: Any) -> Any:
    """Return JSON with the characters of its names and texts cleaned; markup in them is the shop's own affair.

    Raises BadValue where two names become one.
    """
    if isinstance(value, dict):
        cleaned = {clean_name(key): clean_json(inner) for key, inner in value.items()}
        if len(cleaned) < len(value):
            raise BadValue(gettext("holds a name twice"), code="repeated")
        return cleaned
    if isinstance(value, list):
        return [clean_json(inner) for inner in value]
    return clean_characters(value) if isinstance(value, str) else value


def check_json(value: Any, *, depth: int = 0) -> None:
    """Raise BadValue where JSON has what Postgres cannot keep: NUL, half surrogates, infinities, deep nests."""
    if depth > MAX_JSON_DEPTH:
        raise BadValue(gettext("is nested too deeply"), code="too_deep")
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
        raise BadValue(
            gettext("is not JSON (%(why)s): write an object such as %(example)s")
            % {"why": gettext("a number is too large"), "example": OBJECT_EXAMPLE},
            code="too_large",
        )


def check_characters(text: str) -> None:
    """Raise BadValue for what is no character to Postgres."""
    if "\x00" in text:
        raise BadValue(gettext("holds a NUL character"), code="bad_character")
    if not text.isascii() and SURROGATE.search(text):
        raise BadValue(gettext("holds half of a surrogate pair"), code="bad_character")


def clean_wording(name: str, text: str) -> str:
    """Return a title or description in another language, by the rules of the product's own, but it may be empty.

    Raises BadValue, or Django's ValidationError where the model's bounds are passed.
    """
    text = RULES[name](text)
    if text:
        keep_bounds(name, text)
    return text


def check_languages(translations: dict[str, Any]) -> None:
    """Raise BadValue where a language is not named as one."""
    for language in translations:
        if not re.fullmatch(LANGUAGE, language):
            raise BadValue(gettext("names a language otherwise than as in zh or pt-br"), code="bad_language")


def drop_empty_wordings(translations: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return the translations without texts that are empty, and without languages that have none."""
    texts = {language: {name: text for name, text in kept.items() if text} for language, kept in translations.items()}
    return {language: wording for language, wording in texts.items() if wording}


def clean_translations(value: Any) -> dict[str, dict[str, str]]:
    """Return the translations in `value`, which somebody may have typed. Raises as `clean_wording` does."""
    if not isinstance(value, dict) or not all(isinstance(wording, dict) for wording in value.values()):
        raise BadValue(
            gettext("is not an object of objects: write it as %s") % TRANSLATIONS_EXAMPLE, code="not_an_object"
        )
    check_languages(value)
    check_json(value)
    for wording in value.values():
        if not wording.keys() <= {"title", "description"} or not all(isinstance(t, str) for t in wording.values()):
            raise BadValue(
                gettext("holds more than titles and descriptions: write it as %s") % TRANSLATIONS_EXAMPLE,
                code="invalid",
            )
    cleaned = {
        language: {name: clean_wording(name, text) for name, text in wording.items()}
        for language, wording in value.items()
    }
    return drop_empty_wordings(cleaned)


# Of every field whose values come as texts or JSON. A price is read together with its currency: `prices.read_price`.
RULES: dict[str, Callable[[Any], Any]] = {
    "sku": clean_identifier,
    "title": clean_line,
    "description": clean_description,
    "brand": clean_line,
    "currency": clean_currency,
    "url": clean_url,
    "attributes": clean_attributes,
    "translations": clean_translations,
    "variant_group": clean_identifier,
    "collection": clean_line,
}
