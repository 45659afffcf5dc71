"""Shopify's product export: a product is the rows that share a handle, one for each variant and further picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import IO

from catalog.importers.report import ImportFileError, ImportReport, SourceRow
from catalog.importers.table import open_table

MAX_ROWS = 3000  # of one handle: Shopify's limit is 2,048 variants
# The export's columns, and what newer exports call them.
RENAMED = {
    "url handle": "handle",
    "description": "body (html)",
    "sku": "variant sku",
    "price": "variant price",
    "inventory quantity": "variant inventory qty",
    "product image url": "image src",
    "variant image url": "variant image",
    "published on online store": "published",
}
NO_OPTION = "default title"


def read_shopify(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield one row for each variant. Raises ImportFileError when the file is no such export."""
    with open_table(file, encoding=encoding) as table:
        columns = {RENAMED.get(column, column) for column in table.columns}
        missing = sorted({"handle", "title"} - columns)
        if missing:
            raise ImportFileError(f"This is no Shopify export: it has no column {' and no column '.join(missing)}.")
        if "currency" not in columns:
            report.warn("Shopify exports name no currency: products keep the one they have.")
        renamed = (_rename(row) for row in table.rows)
        for _, rows in groupby(renamed, key=lambda row: row.problem or row.fields.get("handle", "").strip()):
            yield from _read_product(rows)


def _rename(row: SourceRow) -> SourceRow:
    return SourceRow(row.line, {RENAMED.get(name, name): text for name, text in row.fields.items()}, row.problem)


def _read_product(rows: Iterator[SourceRow]) -> Iterator[SourceRow]:
    """Yield the variants of one product. Its own columns are in its first row only."""
    kept: list[SourceRow] = []
    for row in rows:
        if row.problem:
            yield row
        elif len(kept) < MAX_ROWS:
            kept.append(row)
        else:
            yield SourceRow(row.line, row.fields, problem=f"more than {MAX_ROWS} rows for one handle")
    if not kept:
        return
    first = kept[0].fields
    pictures = [row.fields["image src"].strip() for row in kept if row.fields.get("image src", "").strip()]
    variants = [row for row in kept if _is_variant(row.fields)] or kept[:1]
    for variant in variants:
        yield SourceRow(variant.line, _to_row(first, variant.fields, pictures, alone=len(variants) == 1))


def _is_variant(fields: dict[str, str]) -> bool:
    names = ("variant sku", "variant price", "option1 value")
    return any(fields.get(name, "").strip() for name in names)


def _to_row(first: dict[str, str], variant: dict[str, str], pictures: list[str], *, alone: bool) -> dict[str, str]:
    options = _options(first, variant)
    suffix = ", ".join(options.values())
    handle = first.get("handle", "").strip()
    title = first.get("title", "").strip()
    own_picture = variant.get("variant image", "").strip()
    row = {
        "sku": variant.get("variant sku", "").strip().removeprefix("'") or _make_sku(handle, options),
        "title": f"{title} – {suffix}" if title and suffix and not alone else title,
        "description": first.get("body (html)", ""),
        "brand": first.get("vendor", ""),
        "category": _category(first),
        "price": variant.get("variant price", ""),
        "stock": _stock(variant),
        "images": "|".join(dict.fromkeys(filter(None, [own_picture, *pictures]))),
        "variant_group": "" if alone else handle,
        "is_active": _is_active(first),
        "tags": first.get("tags", ""),
        **{name.lower(): value for name, value in options.items()},
    }
    return row if "currency" not in first else {**row, "currency": first["currency"]}


def _options(first: dict[str, str], variant: dict[str, str]) -> dict[str, str]:
    """Option names (in the first row only) and this variant's values: {"Colour": "Red"}."""
    options = {}
    for number in (1, 2, 3):
        name = first.get(f"option{number} name", "").strip()
        value = variant.get(f"option{number} value", "").strip()
        if name and value and value.lower() != NO_OPTION:
            options[name] = value
    return options


def _make_sku(handle: str, options: dict[str, str]) -> str:
    """Variants without a SKU are told apart by handle and options, the same each time."""
    return "-".join([handle, *(re.sub(r"\W+", "-", value.lower()).strip("-") for value in options.values())])[:100]


def _category(first: dict[str, str]) -> str:
    taxonomy = first.get("product category", "").strip()
    path = taxonomy if taxonomy and not taxonomy.isdigit() else first.get("type", "").strip()
    return "/".join(part.strip().replace("/", "-") for part in path.split(">"))


def _stock(variant: dict[str, str]) -> str:
    """Shopify counts below zero what was sold but not there; where it does not count, neither do we."""
    text = variant.get("variant inventory qty", "").strip()
    counted = variant.get("variant inventory tracker", text).strip()
    return "0" if re.fullmatch(r"-[0-9]+", text) else text if counted else ""


def _is_active(first: dict[str, str]) -> str:
    published = first.get("published", "").strip().lower() or "true"
    status = first.get("status", "").strip().lower() or "active"
    return "true" if published == "true" and status == "active" else "false"
