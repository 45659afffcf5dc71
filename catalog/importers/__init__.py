"""Products from files: a reader for each format yields rows, `rows` turns texts into values, `load` writes them.

A new format is a reader in a file of its own and its line in READERS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from catalog.importers.csv import read_csv
from catalog.importers.google import read_google
from catalog.importers.homeassistant import read_homeassistant
from catalog.importers.jsonl import read_jsonl
from catalog.importers.magento import read_magento
from catalog.importers.report import SourceRow
from catalog.importers.shopify import read_shopify
from catalog.importers.shopify_json import read_shopify_json
from catalog.importers.woocommerce import read_woocommerce

# By what --format calls them. Each is called as `read(file, report=..., encoding=...)`, and `file` holds bytes.
READERS: dict[str, Callable[..., Iterator[SourceRow]]] = {
    "csv": read_csv,
    "google": read_google,
    "shopify": read_shopify,
    "woocommerce": read_woocommerce,
    "magento": read_magento,
    "jsonl": read_jsonl,
    "shopify-json": read_shopify_json,
    "homeassistant": read_homeassistant,
}
