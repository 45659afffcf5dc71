"""The first rows of an upload as the products that they would be: its beginning alone is read, however long it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any

from catalog.importers import READERS
from catalog.importers.decimal_marks import settle_prices
from catalog.importers.report import ImportFileError, ImportReport, RowError, SourceRow
from catalog.importers.rows import ParsedRow, parse_row
from catalog.importers.shop_pages import complete_row
from catalog.importers.table import open_table
from catalog.models import Product, Upload
from catalog.prices import trim_price
from catalog.uploads.advice import word_for_pages
from catalog.uploads.loading import make_form
from catalog.uploads.storage import FILE, open_file

SAMPLE_BYTES = 256 * 1024  # of a file
SHOWN_ROWS = 12
SAMPLE_VALUES, SAMPLE_ROWS, MAX_VALUE = 3, 50, 60  # that stand beside a column; rows they are from; characters
NAMED = ("brand", "category", "collection", "variant_group", "url")


@dataclass(frozen=True)
class Preview:
    """One row: what its product would be, or what is wrong with it."""

    line: int
    sku: str
    title: str
    problem: str = ""
    is_new: bool = True
    price: str = ""
    stock: int | None = None
    details: tuple[str, ...] = ()
    images: int = 0
    description: str = ""


def preview_rows(upload: Upload) -> tuple[list[Preview], str]:
    """Return the first rows, and why there are no more where the file breaks off or is another one than was said."""
    rows: list[Preview] = []
    try:
        for row in islice(_read_sample(upload), SHOWN_ROWS):
            rows.append(_preview(row, upload))
    except (ImportFileError, LookupError, OSError) as error:
        return rows, "" if rows else word_for_pages(str(error))
    skus = [row.sku for row in rows if not row.problem]  # what is wrong may be what no column can hold
    there = set(Product.objects.filter(sku__in=skus).values_list("sku", flat=True))
    return [Preview(**{**vars(row), "is_new": row.sku not in there}) for row in rows], ""


def _read_sample(upload: Upload) -> Iterator[SourceRow]:
    form = make_form(upload)
    read = form.reader or READERS[form.format]
    sample = BytesIO(_take_sample(upload))
    return settle_prices(
        read(sample, report=ImportReport(), encoding=form.encoding), decimal=form.decimal, currency=upload.currency
    )


def _take_sample(upload: Upload) -> bytes:
    """Return the beginning of the file, without a line that is cut off."""
    with open_file(upload, FILE) as file:
        sample = file.read(SAMPLE_BYTES)
        return sample[: sample.rfind(b"\n") + 1] or sample if file.read(1) else sample


def _preview(said: SourceRow, upload: Upload) -> Preview:
    try:
        row = parse_row(complete_row(said, shop_url=upload.shop_url))
    except RowError as error:
        sku, title = said.fields.get("sku", ""), said.fields.get("title", "")
        return Preview(said.line, sku.strip(), title.strip(), problem=word_for_pages(str(error)))
    values = row.values
    return Preview(
        line=said.line,
        sku=values["sku"],
        title=values["title"],
        price=_word_price(values, upload.currency),
        stock=values.get("stock"),
        details=tuple(_describe(row)),
        images=len(row.images or []),
        description=values.get("description", ""),
    )


def _word_price(values: dict[str, Any], currency: str) -> str:
    price = values.get("price")
    return "" if price is None else f"{trim_price(price)} {values.get('currency') or currency}".strip()


def _describe(row: ParsedRow) -> Iterator[str]:
    yield from (str(row.values[name]) for name in NAMED if row.values.get(name))
    attributes = row.values.get("attributes", {}) | row.more_attributes
    yield from (f"{name}: {value}" for name, value in attributes.items() if isinstance(value, str | int | float))
    for language, wording in row.more_translations.items():
        yield from (f"{language}: {text}" for name, text in wording.items() if name == "title" and text)


def sample_columns(upload: Upload) -> dict[str, list[str]]:
    """Return some of the values of each column of a table, to choose by what it means."""
    values: dict[str, list[str]] = {column: [] for column, _ in upload.columns}
    try:
        with open_table(BytesIO(_take_sample(upload)), encoding=upload.encoding) as table:
            for row in islice(table.rows, SAMPLE_ROWS):
                _note_values(row, values)
    except (ImportFileError, LookupError, OSError):
        return values
    return values


def _note_values(row: SourceRow, values: dict[str, list[str]]) -> None:
    for column, text in row.fields.items():
        there: Sequence[str] = values.get(column, [])
        if (short := text.strip()[:MAX_VALUE]) and len(there) < SAMPLE_VALUES and short not in there:
            values.setdefault(column, []).append(short)
