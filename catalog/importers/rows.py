"""From the texts of one row to checked values, or a RowError that says what is wrong and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from catalog.fields import (
    LANGUAGE,
    BadValue,
    clean_attributes,
    clean_category_path,
    clean_currency,
    clean_description,
    clean_title,
    clean_url,
    clean_wording,
    trim_price,
)
from catalog.importers.formulas import read_guarded
from catalog.importers.report import LINE_COLUMN, REASON_COLUMN, RowError, SourceRow
from catalog.models import Product
from catalog.pictures.checks import PictureError, check_number
from catalog.writing import ProductWrite

NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
TRANSLATED = re.compile(rf"(title|description)_({LANGUAGE})")
YES, NO = {"1", "true", "yes", "y"}, {"0", "false", "no", "n"}
IGNORED = frozenset({LINE_COLUMN, REASON_COLUMN})  # in a file of rejects that was mended
REQUIRED = ("sku", "title")


@dataclass(frozen=True)
class ParsedRow:
    """What a row says, checked. Columns that the file does not have are absent, and what they describe stays."""

    source: SourceRow
    write: ProductWrite
    images: list[str] | None = None  # names as in the file, in order


def is_known(column: str) -> bool:
    """Does the column have a meaning of its own?"""
    return column in COLUMNS or column in IGNORED or bool(TRANSLATED.fullmatch(column))


def parse_row(row: SourceRow) -> ParsedRow:
    """Return the checked values of `row`. Raises RowError."""
    values: dict[str, Any] = {}
    translations: dict[str, dict[str, str]] = {}
    others: dict[str, str] = {}
    images = None
    for column, text in _read_texts(row).items():
        if column == "images":
            images = _parse_images(text)
        elif column in VALUE_PARSERS:
            values[column] = _read(column, VALUE_PARSERS[column], text)
        elif match := TRANSLATED.fullmatch(column):
            translations.setdefault(match[2], {})[match[1]] = _read(column, partial(clean_wording, match[1]), text)
        elif text:
            others[column] = text
    if others:  # the attributes column replaces what there was; these add to it, and never overrule it
        attributes = _read("attributes", clean_attributes, others | values.get("attributes", {}))
        if "attributes" in values:
            values["attributes"], others = attributes, {}
    return ParsedRow(row, ProductWrite(values=values, more_attributes=others, more_translations=translations), images)


def _read_texts(row: SourceRow) -> dict[str, str]:
    """Return the trimmed texts of `row` by column."""
    if row.problem:
        raise RowError(row.problem)
    for column, text in row.fields.items():
        _refuse_bad_text(column, text)
    fields = row.fields
    if LINE_COLUMN in fields:
        fields = {read_guarded(column): read_guarded(text) for column, text in fields.items()}
    texts = {column: text.strip() for column, text in fields.items() if column not in IGNORED}
    for column in REQUIRED:
        if not texts.get(column):
            raise RowError(f"{column} is missing")
    return texts


def _read(column: str, parse: Callable[[Any], Any], text: Any) -> Any:
    """Return the value of a cell, within the bounds of the model's field: lengths, ranges, decimals."""
    try:
        value = parse(text)
        return Product._meta.get_field(column).clean(value, None) if column in BOUNDED else value  # type: ignore[union-attr]
    except BadValue as error:
        raise RowError(f"{column} {error}") from None
    except ValidationError as error:
        raise RowError(f"{column}: {' '.join(error.messages)}") from None


def _refuse_bad_text(column: str, text: str) -> None:
    if "\x00" in text:
        raise RowError(f"{column} holds a NUL character: export the file again as text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        byte = ord(text[error.start]) - 0xDC00  # how `surrogateescape` keeps a byte that it could not decode
        raise RowError(
            f"wrong encoding: {column} holds the byte 0x{byte:02X}, which is not UTF-8; "
            "save the file as UTF-8, or pass --encoding cp1252 if it is Latin-1 or Windows-1252"
        ) from None


def _parse_price(text: str, *, column: str = "price") -> Decimal | None:
    if not text:
        return None
    if text.startswith("-") and NUMBER.fullmatch(text[1:]):
        raise RowError(f"{column} {text} is negative")
    if not NUMBER.fullmatch(text):
        raise RowError(f"{column} {_shown(text)} is not a number: write it as 12.50, the currency in its own column")
    return trim_price(Decimal(text))


def _parse_currency(text: str) -> str:
    try:
        return clean_currency(text)
    except BadValue as error:
        raise RowError(f"currency {_shown(text)} {error}") from None


def _parse_stock(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,18}(\.0+)?", text):
        raise RowError(f"stock {_shown(text)} is not a whole number from 0 up (leave it empty if it is not counted)")
    return int(text.split(".", maxsplit=1)[0])


def _parse_attributes(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}", parse_constant=_refuse_constant)
    except RecursionError:
        raise RowError("attributes is nested too deeply") from None
    except ValueError as error:
        raise RowError(f'attributes is not JSON ({error}): write an object such as {{"colour": "red"}}') from None
    return clean_attributes(value)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _parse_images(text: str) -> list[str]:
    names = list(dict.fromkeys(name for part in text.split("|") if (name := part.strip())))
    try:
        check_number(len(names))
    except PictureError as error:
        raise RowError(str(error)) from None
    return names


def _parse_flag(text: str) -> bool:
    if text.lower() in YES or not text:
        return True
    if text.lower() in NO:
        return False
    raise RowError(f"is_active {_shown(text)} is neither true nor false")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


VALUE_PARSERS: dict[str, Callable[[str], Any]] = {
    "sku": str,
    "title": clean_title,
    "description": clean_description,
    "brand": str,
    "category": clean_category_path,
    "price": _parse_price,
    "list_price": partial(_parse_price, column="list_price"),
    "currency": _parse_currency,
    "stock": _parse_stock,
    "attributes": _parse_attributes,
    "variant_group": str,
    "collection": str,
    "url": clean_url,
    "is_active": _parse_flag,
}
# Columns with a meaning of their own. All others are kept in `attributes`.
COLUMNS = frozenset({*VALUE_PARSERS, "images"})
BOUNDED = VALUE_PARSERS.keys() - {"category"}  # by what the model says of the field
