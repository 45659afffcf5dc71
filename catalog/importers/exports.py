"""Which shop system a table was exported by, told from its columns."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.importers.report import ImportFileError

# Sets of columns, each of which only that system's exports have. As in the table: in lower case.
SIGNS: dict[str, tuple[str, list[set[str]]]] = {
    "shopify": (
        "Shopify",
        [
            {"handle", "variant sku"},
            {"handle", "variant price"},
            {"handle", "variant inventory qty"},
            {"handle", "body (html)"},
            {"url handle", "title"},
        ],
    ),
    "woocommerce": (
        "WooCommerce",
        [
            {"name", "regular price"},
            {"name", "sku", "sale price"},
            {"type", "sku", "in stock?"},
            {"name", "visibility in catalog"},
        ],
    ),
    "magento": (
        "Magento",
        [
            {"sku", "store_view_code"},
            {"sku", "product_type", "categories"},
            {"sku", "attribute_set_code"},
            {"sku", "product_online"},
            {"sku", "additional_attributes"},
            {"sku", "configurable_variations"},
        ],
    ),
}


def refuse_repeated_columns(columns: list[str]) -> None:
    """Raise ImportFileError where two columns have one name: nobody can say which of them counts."""
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise ImportFileError(f"Columns appear more than once: {', '.join(twice)}.")


def refuse_other_exports(columns: Iterable[str], *, format: str) -> None:
    """Raise ImportFileError where the columns are those of another system's export, with what to pass."""
    there = set(columns)
    signed = [name for name, (_, signs) in SIGNS.items() if any(sign <= there for sign in signs)]
    if signed and format not in signed:
        raise ImportFileError(f"This is an export of {SIGNS[signed[0]][0]}: pass --format {signed[0]}.")


def check_export(columns: list[str], *, format: str, required: Iterable[str]) -> None:
    """Raise ImportFileError where columns are another system's, are there twice, or one of `required` is missing."""
    refuse_other_exports(columns, format=format)
    refuse_repeated_columns(columns)
    require_columns(columns, format=format, required=required)


def require_columns(columns: Iterable[str], *, format: str, required: Iterable[str]) -> None:
    """Raise ImportFileError where a column is missing that every export of the system has."""
    missing = sorted(set(required) - set(columns))
    if missing:
        raise ImportFileError(
            f"This is no {SIGNS[format][0]} export: it has no column {' and no column '.join(missing)}."
        )
