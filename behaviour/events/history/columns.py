"""Which column of a file is what of an event: as it was said, by our own names, or by those that are common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from catalog.importers.report import ImportFileError

FIELDS = (
    "event_id", "type", "order_id", "user_id", "session_id", "sku", "quantity", "price", "currency", "occurred_at",
)  # fmt: skip
REQUIRED = ("sku", "occurred_at")
COMMON = {
    "order_id": ("order", "order_number", "invoice", "invoiceno", "transaction_id"),
    "user_id": ("customer_id", "customer", "visitor_id"),
    "session_id": ("session", "visit_id"),
    "sku": ("product_id", "item_id", "stockcode", "product"),
    "quantity": ("qty", "units", "amount_of_items"),
    "price": ("unit_price", "item_price"),
    "occurred_at": ("created_at", "ordered_at", "timestamp", "date", "order_date", "invoicedate", "event_time", "time"),
    "type": ("event_type", "event", "action"),
}  # whether words are written apart or not: Customer ID, customerid


def read_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """Return field -> column of `FIELD=COLUMN` pairs. Raises ImportFileError."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        field, is_pair, column = pair.partition("=")
        if field not in FIELDS or not is_pair:
            raise ImportFileError(f"--map {pair}: the fields are {', '.join(FIELDS)}; write FIELD=COLUMN.")
        if field in mapping:
            raise ImportFileError(f"--map says twice which column is {field}.")
        mapping[field] = column.strip().lower()
    return mapping


def find_columns(said: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """Return field -> column of a file with these columns. Raises ImportFileError where one is not there, or twice."""
    there = {_squeeze(name): name for name in columns} | {name: name for name in columns}
    if missing := sorted(set(said.values()) - set(columns) - {""}):
        raise ImportFileError(
            f"There is no column {', '.join(missing)}. The file has {', '.join(sorted(set(columns)))}."
        )
    taken = set(said.values())
    found = dict(said)
    for field in FIELDS:
        candidates = (field, *COMMON.get(field, ()))
        named = (there.get(name) or there.get(_squeeze(name)) for name in candidates)
        column = next((name for name in named if name and name not in taken), None)
        if field not in found and column is not None:
            found[field] = column
            taken.add(column)
    if twice := sorted(name for name in found.values() if columns.count(name) > 1):
        raise ImportFileError(f"The file has several columns {', '.join(twice)}: name each otherwise.")
    if missing := [field for field in REQUIRED if not found.get(field)]:
        which, there_are = " and which is ".join(missing), ", ".join(columns)
        raise ImportFileError(
            f"Which column is {which}? Say it as --map {missing[0]}=COLUMN. The file has {there_are or 'none'}."
        )
    return {field: column for field, column in found.items() if column}


def _squeeze(name: str) -> str:
    return re.sub(r"[\s_-]", "", name)
