"""The columns of Shopify's exports: what they were and are called, and which are kept as attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from catalog.importers.exports import refuse_repeated_columns
from catalog.importers.report import ImportReport

# What newer and older exports call the columns.
RENAMED = {
    "url handle": "handle",
    "description": "body (html)",
    "body html": "body (html)",
    "sku": "variant sku",
    "barcode": "variant barcode",
    "price": "variant price",
    "compare-at price": "variant compare at price",
    "inventory tracker": "variant inventory tracker",
    "inventory quantity": "variant inventory qty",
    "continue selling when out of stock": "variant inventory policy",
    "product image url": "image src",
    "variant image url": "variant image",
    "published on online store": "published",
    "standardized product type": "product category",
    "standard product type": "product category",
    "custom product type": "type",
}
READ = frozenset(
    {
        *RENAMED.values(),
        *("title", "vendor", "status", "image position", "currency"),
        *(f"option{number} {part}" for number in (1, 2, 3) for part in ("name", "value")),
    }
) - {"variant barcode"}
KEPT = {"tags": "tags", "image alt text": "image alt text", "variant barcode": "barcode"}
METAFIELD = re.compile(r"(.*?)\s*\((?:product|variant)\.metafields\.(?:.*\.)?([^.()]+)\)")
GOOGLE = re.compile(r"google shopping / (.+)")
# About shipping, tax, search engines and other markets.
SKIPPED = re.compile(
    r"variant (grams|weight.*|fulfillment service|requires shipping|taxable|tax code)|cost per item|gift card|seo .*|"
    r"weight .*|requires shipping|fulfillment service|charge tax|tax code|unit price .*|option\d linked to|"
    r"(included|price|compare at price|compare-at price) / .*|google shopping / (custom label \d|adwords .*)|"
    r"collection|template suffix|"
)


def rename_columns(columns: list[str]) -> dict[str, str]:
    """Return column -> the name that it is read by. Raises ImportFileError where a column is there twice."""
    refuse_repeated_columns(columns)
    names = {column: RENAMED.get(column, column) for column in columns}
    # A file that has a column under both names is read by the first of them.
    firsts = {name: column for column, name in reversed(names.items())}
    return {column: name if firsts[name] == column else column for column, name in names.items()}


def keep_attributes(columns: Iterable[str], *, report: ImportReport) -> dict[str, str]:
    """Return column -> attribute, of those that have no meaning of their own; the report says which nobody expected."""
    kept: dict[str, str] = {}
    unknown = []
    for column in columns:
        if column in READ or SKIPPED.fullmatch(column):
            continue
        name = _name_attribute(column)
        if name is None:
            unknown.append(column)
        kept[column] = column if name is None or name in kept.values() else name
    report.warn_kept(unknown)
    return kept


def is_variants_own(column: str) -> bool:
    """Is the column each variant's, and not the product's, said once for all?"""
    return column in ("variant barcode", "google shopping / mpn") or "(variant.metafields." in column


def _name_attribute(column: str) -> str | None:
    if column in KEPT:
        return KEPT[column]
    if match := METAFIELD.fullmatch(column):
        return match[1] or match[2].replace("_", " ")
    match = GOOGLE.fullmatch(column)
    return match[1] if match else None
