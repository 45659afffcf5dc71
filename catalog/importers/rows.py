"""From the texts of one row to checked values, or a RowError that says what is wrong and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from api.json_faults import describe_json_fault
from api.parsers import read_object
from catalog.bounds import keep_bounds
from catalog.characters import clean_characters, clean_name
from catalog.fields import (
    LANGUAGE,
    RULES,
    check_characters,
    clean_attributes,
    clean_category_path,
    clean_flag,
    clean_stock,
    clean_wording,
    drop_empty_wordings,
)
from catalog.importers.cells import read_code, read_known, read_marked, read_own
from catalog.importers.formulas import read_guarded
from catalog.importers.picture_names import split_links
from catalog.importers.report import EXPORT_COLUMN, LINE_COLUMN, REASON_COLUMN, RowError, SourceRow
from catalog.prices import DECIMALS, clean_currency, read_price
from catalog.refusals import AmbiguousPrice, BadValue
from catalog.web_addresses import clean_url

TRANSLATED = re.compile(rf"(title|description)_({LANGUAGE})")
CODES = frozenset({"gtin", "ean", "upc", "isbn", "barcode", "mpn"})  # columns of numbers that nobody calculates with
IGNORED = frozenset({LINE_COLUMN, REASON_COLUMN, EXPORT_COLUMN})  # in a file of ours that comes back
REQUIRED = ("sku", "title")
AMOUNTS = ("price", "list_price")
FILES = ("images", "audio")
KEPT_COLUMNS = 4096  # of which it is remembered what they are: those of a file come with each of its rows
KEPT_TEXTS, SHORT = 1024, 200  # of a column, and characters of one
MARKED = frozenset({*AMOUNTS, "stock", "sku", "variant_group"})  # where an apostrophe in front is a spreadsheet's


match_translated = lru_cache(maxsize=KEPT_COLUMNS)(TRANSLATED.fullmatch)


def remember(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return `parse`, which makes nothing that can be changed, for a column whose few texts come again and again."""
    parse_again = lru_cache(maxsize=KEPT_TEXTS)(parse)
    return lambda text: parse_again(text) if len(text) <= SHORT else parse(text)


@dataclass(frozen=True)
class ParsedRow:
    """What a row says, checked. What it says nothing of is absent, and stays as it is stored."""

    source: SourceRow
    values: dict[str, Any]  # as in ProductWrite, like the next two
    more_attributes: dict[str, Any]
    more_translations: dict[str, dict[str, str]]
    images: list[str] | None = None  # names as in the file, in order
    audio: list[str] | None = None  # likewise


def is_known(column: str) -> bool:
    """Does the column have a meaning of its own?"""
    return column in COLUMNS or column in IGNORED or bool(match_translated(column))


def parse_row(row: SourceRow, *, replace_missing: bool = False) -> ParsedRow:
    """Return the checked values of `row`. Raises RowError.

    With `replace_missing` the row is all that is known of the product: what it does not name, or names with an empty
    cell, becomes what a new product has.
    """
    texts = _read_texts(row, replace_missing=replace_missing)
    values = _read_values(texts)
    images, audio = (split_images(texts[column]) if column in texts else None for column in FILES)
    translations: dict[str, dict[str, str]] = {}
    others = dict(row.attributes)
    for column, text in texts.items():
        if column in COLUMNS:
            continue
        if match := match_translated(column):
            translations.setdefault(match[2], {})[match[1]] = _read(column, partial(clean_wording, match[1]), text)
        else:
            others[column] = text
    if replace_missing:
        values["translations"], translations = drop_empty_wordings(translations), {}
    others = _read_others(others)
    if others:  # the attributes column replaces what there was; these add to it, and never overrule it
        attributes = _read("attributes", clean_attributes, others | values.get("attributes", {}))
        if "attributes" in values:
            values["attributes"], others = attributes, {}
    return ParsedRow(row, values, others, translations, images, audio)


def _read_others(texts: dict[str, str]) -> dict[str, Any]:
    """Return the attributes that have columns of their own, or names that the shop gave them: those that say anything.

    Names that become one are one attribute, and the last one counts.
    """
    others: dict[str, Any] = {}
    for name, text in texts.items():
        said = read_own(clean_characters(text))
        said = _read(name, read_code, said) if name in CODES else said
        if said:
            others[clean_name(name)] = said
    return others


def _read_values(texts: dict[str, str]) -> dict[str, Any]:
    """Return the fields of the product that have a column of their own."""
    values = {name: CELL_READERS[name](text) for name, text in texts.items() if name in CELL_READERS}
    currency = texts.get("currency", "")
    for name in AMOUNTS:  # read with their currency
        if name in texts:
            price, named = _parse_price(texts[name], column=name, currency=currency)
            values |= {name: _keep_bounds(name, price)} | ({"currency": named} if named else {})
            currency = currency or named
    return values


def _read_texts(row: SourceRow, *, replace_missing: bool) -> dict[str, str]:
    """Return the trimmed texts of `row` by column."""
    if row.problem:
        raise RowError(row.problem)
    _refuse_bad_texts(row.fields)
    _refuse_bad_texts(row.attributes)
    fields, emptied = row.fields, row.emptied
    if LINE_COLUMN in fields or EXPORT_COLUMN in fields:
        fields = {read_guarded(column): read_guarded(text) for column, text in fields.items()}
    if LINE_COLUMN in fields:  # a file of rejects: it has the columns of all its rows, so that empty cells say nothing
        emptied = frozenset()
    texts = {column: find_reader(column)(text) for column, text in fields.items() if column not in IGNORED}
    for column in REQUIRED:
        if not clean_name(texts.get(column, "")):
            raise RowError(gettext("%s is missing") % column)
    if replace_missing:
        return dict.fromkeys(sorted(COLUMNS), "") | texts
    return _keep_said(texts, emptied=emptied)


def _keep_said(texts: dict[str, str], *, emptied: frozenset[str]) -> dict[str, str]:
    """Return the cells that say something. An empty one does so only where its format has it mean: empty this."""
    return {column: text for column, text in texts.items() if text or column in emptied}


@lru_cache(maxsize=KEPT_COLUMNS)
def find_reader(column: str) -> Callable[[str], str]:
    """Return what reads the text of a cell in that column."""
    if column in MARKED:
        return read_marked
    return read_known if is_known(column) else str.strip


def _read(column: str, parse: Callable[[Any], Any], text: Any) -> Any:
    """Return the value of a cell, within the bounds of the model's field: lengths, ranges, decimals."""
    try:
        value = parse(text)
    except BadValue as error:
        raise RowError(f"{column} {error}") from None
    except ValidationError as error:
        raise RowError(f"{column}: {' '.join(error.messages)}") from None
    if column in REQUIRED and not value:
        raise RowError(gettext("%s is missing") % column)
    return _keep_bounds(column, value) if column in BOUNDED else value


def _keep_bounds(column: str, value: Any) -> Any:
    try:
        return keep_bounds(column, value)
    except ValidationError as error:
        raise RowError(f"{column}: {' '.join(error.messages)}") from None


def _refuse_bad_texts(texts: Mapping[str, str]) -> None:
    whole = "".join(texts.values())  # nearly always good, and looked through faster than its parts
    for column, text in texts.items() if not whole.isascii() or "\x00" in whole else ():
        try:
            check_characters(text)
        except BadValue as error:
            raise RowError(
                gettext("%(column)s %(error)s: export the file again as text") % {"column": column, "error": error}
            ) from None


def _parse_price(text: str, *, column: str, currency: str) -> tuple[Decimal | None, str]:
    """Return the price, and the currency that it names itself."""
    known = currency.upper() if currency.upper() in DECIMALS else ""
    try:
        price, named = read_price(text, currency=known)
    except BadValue as error:
        hint = gettext(", or pass --decimal point or --decimal comma") if isinstance(error, AmbiguousPrice) else ""
        raise RowError(f"{column} {_shown(text)} {error}{hint}") from None
    if price and price < 0:
        raise RowError(gettext("%(column)s %(text)s is negative") % {"column": column, "text": text})
    return price, named


def _parse_shown(column: str, rule: Callable[[str], Any], text: str) -> Any:
    """Return what the rule makes of a text that a refusal repeats."""
    try:
        return rule(text)
    except BadValue as error:
        raise RowError(f"{column} {_shown(text)} {error}") from None


def _parse_attributes(text: str) -> dict[str, Any]:
    try:
        # With a byte order mark for what that function says of it.
        value = json.loads(text) if text.startswith("\ufeff") else parse_json(text or "{}")
    except RecursionError:
        raise RowError(gettext("attributes is nested too deeply")) from None
    except ValueError as error:
        said = describe_json_fault(error)
        raise RowError(
            gettext('attributes is not JSON (%(said)s): write an object such as {"colour": "red"}') % {"said": said}
        ) from None
    return clean_attributes(value)


def _refuse_constant(name: str) -> None:
    raise ValueError(gettext("%(name)s is not a JSON number") % {"name": name})


parse_json = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=read_object).decode


def split_images(text: str) -> list[str]:
    """Return the names and URLs between bars, each once. URLs may be joined otherwise; names may hold commas."""
    parts = filter(None, map(str.strip, text.split("|")))
    return list(dict.fromkeys(name for part in parts for name in (split_links(part) if "//" in part else [part])))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


VALUE_PARSERS: dict[str, Callable[[str], Any]] = {
    **{name: RULES[name] for name in ("sku", "title", "description", "brand", "variant_group", "collection")},
    "category": clean_category_path,
    "currency": partial(_parse_shown, "currency", clean_currency),
    "stock": partial(_parse_shown, "stock", clean_stock),
    "attributes": _parse_attributes,
    "url": clean_url,
    "is_active": lambda text: not text or _parse_shown("is_active", clean_flag, text),
}
# Columns with a meaning of their own. All others are kept in `attributes`.
COLUMNS = frozenset({*VALUE_PARSERS, *AMOUNTS, *FILES})
BOUNDED = VALUE_PARSERS.keys() - {"category", "attributes"}  # by what the model says of the field
UNIQUE = frozenset({"sku", "title", "description", "attributes", "url"})  # texts that hardly come again in a file
CELL_READERS: dict[str, Callable[[str], Any]] = {
    name: partial(_read, name, parse) if name in UNIQUE else remember(partial(_read, name, parse))
    for name, parse in VALUE_PARSERS.items()
}
