"""Kindred's own CSV: a column for each field, see docs/importing.md. Only sku and title are required."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from django.utils.translation import gettext

from catalog.importers.exports import name_missing, refuse_other_exports, refuse_repeated_columns
from catalog.importers.report import ImportFileError, ImportReport, SourceRow
from catalog.importers.rows import REQUIRED, is_known
from catalog.importers.table import open_table

# Other shops' names for our columns; used where the file does not have ours.
ALIASES = {
    "id": "sku",
    "name": "title",
    "group_id": "variant_group",
    "item_group_id": "variant_group",
    "description_html": "description",
    "image": "images",
    "sound": "audio",
    "sounds": "audio",
    "link": "url",
    "permalink": "url",
    "product_url": "url",
}
# An empty cell empties its field (stock: not counted), as in a sheet that a merchandiser looks at. Not these: a product
# is neither shown nor hidden by a cell that nobody filled in, and a price does not lose what it is in.
KEPT = frozenset({*REQUIRED, "is_active", "currency"})


def read_csv(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield the rows of `file`. Raises ImportFileError when there is no way to read it."""
    with open_table(file, encoding=encoding) as table:
        refuse_other_exports(table.columns, format="csv")
        names = canonical_names(table.columns)
        missing = [column for column in REQUIRED if column not in names.values()]
        if missing:
            there = ", ".join(table.columns)
            said = gettext("The file has no column %(missing)s. It has: %(columns)s.")
            raise ImportFileError(said % {"missing": name_missing(missing), "columns": there})
        report.warn_kept([column for column in names.values() if not is_known(column)])
        emptied = frozenset(names.values()) - KEPT
        for row in table.rows:
            fields = {names[column]: text for column, text in row.fields.items() if column in names}
            yield replace(row, fields=fields, emptied=emptied)


def canonical_names(columns: list[str]) -> dict[str, str]:
    """Return column -> our name for it. An alias of a column that is there under our name is left out."""
    refuse_repeated_columns(columns)
    names: dict[str, str] = {}
    for column in filter(None, columns):
        name = _our_name(column)
        if name not in names.values() and (name == column or name not in columns):
            names[column] = name
    return names


def _our_name(column: str) -> str:
    name = ALIASES.get(column, column)
    if is_known(name.replace(" ", "_")):
        return name.replace(" ", "_")
    field, _, language = name.replace("-", "_").replace(" ", "_").partition("_")  # `title_zh_hans`, `Title ZH-Hans`
    translated = f"{field}_{language.replace('_', '-')}"
    return translated if is_known(translated) else name
