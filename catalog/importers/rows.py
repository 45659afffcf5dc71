"""From the texts of one row to checked values, or a RowError that says what is wrong and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from catalog.categories import normalize_path
from catalog.html_text import html_to_text
from catalog.importers.report import LINE_COLUMN, REASON_COLUMN, RowError, SourceRow
from catalog.models import Category, Product

MAX_PICTURES = 100  # for one product
MAX_JSON_DEPTH = 20
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
TRANSLATED = re.compile(r"(title|description)_([a-z]{2,3}(?:-[a-z0-9]{2,8})?)")
YES, NO = {"1", "true", "yes", "y"}, {"0", "false", "no", "n"}
# Columns with a meaning of their own. All others are kept in `attributes`.
COLUMNS = frozenset(
    {"sku", "title", "description", "brand", "category", "price", "currency", "stock", "attributes", "images"}
    | {"variant_group", "collection", "is_active"}
)
IGNORED = frozenset({LINE_COLUMN, REASON_COLUMN})  # in a file of rejects that was mended
REQUIRED = ("sku", "title")


@dataclass
class ParsedRow:
    """What a row says. Columns that the file does not have are absent, and what they describe stays as it is."""

    source: SourceRow
    sku: str
    values: dict[str, Any] = field(default_factory=dict)  # field of Product -> value
    translations: dict[str, dict[str, str]] = field(default_factory=dict)  # language -> title, description
    extra_attributes: dict[str, str] = field(default_factory=dict)  # from unknown columns
    category: str | None = None  # a path; "" for none
    images: list[str] | None = None  # as in the file, in order


def is_known(column: str) -> bool:
    """Does the column have a meaning of its own?"""
    return column in COLUMNS or column in IGNORED or bool(TRANSLATED.fullmatch(column))


def parse_row(row: SourceRow) -> ParsedRow:
    """Return the checked values of `row`. Raises RowError."""
    if row.problem:
        raise RowError(row.problem)
    for column, text in row.fields.items():
        _refuse_bad_text(column, text)
    texts = {column: text.strip() for column, text in row.fields.items()}
    for column in REQUIRED:
        if not texts.get(column):
            raise RowError(f"{column} is missing")
    parsed = ParsedRow(row, sku=texts["sku"])
    for column, text in texts.items():
        _read_column(parsed, column, text)
    return parsed


def _read_column(parsed: ParsedRow, column: str, text: str) -> None:
    if column in VALUE_PARSERS:
        parsed.values[column] = _clean(column, VALUE_PARSERS[column](text))
    elif column == "category":
        parsed.category = _parse_category(text)
    elif column == "images":
        parsed.images = _parse_images(text)
    elif match := TRANSLATED.fullmatch(column):
        wording = html_to_text(text)
        if match[1] == "title":
            _clean("title", wording or "-")
        parsed.translations.setdefault(match[2], {})[match[1]] = wording
    elif column not in IGNORED and text:
        parsed.extra_attributes[column] = text


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


def _clean(column: str, value: Any) -> Any:
    """Apply the bounds of the model's field: lengths, ranges, decimals."""
    try:
        return Product._meta.get_field(column).clean(value, None)  # type: ignore[union-attr]
    except ValidationError as error:
        raise RowError(f"{column}: {' '.join(error.messages)}") from None


def _parse_price(text: str) -> Decimal | None:
    if not text:
        return None
    if text.startswith("-") and NUMBER.fullmatch(text[1:]):
        raise RowError(f"price {text} is negative")
    if not NUMBER.fullmatch(text):
        raise RowError(f"price {_shown(text)} is not a number: write it as 12.50, the currency in its own column")
    price = Decimal(text)
    return price.quantize(Decimal("0.01")) if price < 10**12 and price == round(price, 2) else price


def _parse_currency(text: str) -> str:
    if text and not re.fullmatch("[A-Za-z]{3}", text):
        raise RowError(f"currency {_shown(text)} is not a code of three letters such as EUR")
    return text.upper()


def _parse_stock(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,18}(\.0+)?", text):
        raise RowError(f"stock {_shown(text)} is not a whole number from 0 up (leave it empty if it is not counted)")
    return int(text.split(".")[0])


def _parse_attributes(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}", parse_constant=_refuse_constant)
        stored = json.dumps(value, allow_nan=False, ensure_ascii=False)
        stored.encode()
        too_deep = _depth(value) > MAX_JSON_DEPTH
    except RecursionError:
        raise RowError("attributes is nested too deeply") from None
    except ValueError as error:
        reason = str(error).removesuffix(": inf")
        raise RowError(f'attributes is not JSON ({reason}): write an object such as {{"colour": "red"}}') from None
    if not isinstance(value, dict):
        raise RowError('attributes is not a JSON object: write it as {"colour": "red"}')
    if "\\u0000" in stored:
        raise RowError("attributes holds a NUL character")
    if too_deep:
        raise RowError("attributes is nested too deeply")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _depth(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(child) for child in children), default=0)


def _parse_category(text: str) -> str:
    path = normalize_path(text)
    name_limit = Category._meta.get_field("name").max_length or 0
    path_limit = Category._meta.get_field("path").max_length or 0
    if len(path) > path_limit or any(len(name) > name_limit for name in path.split("/")):
        raise RowError(f"category is too long: at most {name_limit} characters a name and {path_limit} in all")
    return path


def _parse_images(text: str) -> list[str]:
    names = list(dict.fromkeys(name for part in text.split("|") if (name := part.strip())))
    if len(names) > MAX_PICTURES:
        raise RowError(f"{len(names)} pictures: at most {MAX_PICTURES} for one product")
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
    "title": lambda text: " ".join(html_to_text(text).split()),
    "description": html_to_text,
    "brand": str,
    "price": _parse_price,
    "currency": _parse_currency,
    "stock": _parse_stock,
    "attributes": _parse_attributes,
    "variant_group": str,
    "collection": str,
    "is_active": _parse_flag,
}
