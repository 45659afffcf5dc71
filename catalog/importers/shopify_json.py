"""Shopify's products as JSON: what a shop answers at /products.json, as it is or an object a line, or its Admin API.

They become the rows of Shopify's table, and are read as those are: shopify.dev, "Ajax API" and "Product" of the REST
Admin API, have the names. A shop's public address says whether a variant is to be had, and not how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import IO, Any

from django.utils.translation import gettext

from catalog.importers.json_objects import Found, read_objects
from catalog.importers.report import ImportReport, SourceRow
from catalog.importers.shopify import read_listings
from catalog.importers.shopify_columns import keep_attributes

QUANTITY = "variant inventory qty"
PRODUCT = {
    "handle": "handle",
    "title": "title",
    "body_html": "body (html)",
    "vendor": "vendor",
    "product_type": "type",
    "status": "status",
    "tags": "tags",
}
VARIANT = {
    "sku": "variant sku",
    "price": "variant price",
    "compare_at_price": "variant compare at price",
    "inventory_quantity": QUANTITY,
    "inventory_policy": "variant inventory policy",
    "inventory_management": "variant inventory tracker",
    "barcode": "variant barcode",
    **{f"option{number}": f"option{number} value" for number in (1, 2, 3)},
}


def read_shopify_json(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield a row for each variant. Raises ImportFileError when the file is no JSON."""
    report.without_currency = "Shopify"
    attributes = keep_attributes(("tags", "image alt text", "variant barcode"), report=report)
    yield from read_listings(_read_rows(file, encoding=encoding), attributes=attributes)


def _read_rows(file: IO[bytes], *, encoding: str) -> Iterator[SourceRow]:
    """Yield the rows that Shopify's table has of each product. One that two pages have is read once."""
    seen: set[Any] = set()
    for found in read_objects(file, encoding=encoding):
        number = found.value.get("id")
        if found.problem or not isinstance(number, int | str) or number not in seen:
            seen.add(number)
            yield from _read_product(found)


def _read_product(found: Found) -> Iterator[SourceRow]:
    product = found.value
    if problem := found.problem or _find_problem(product):
        yield SourceRow(found.line, {}, problem)
        return
    pictures = _list_objects(product, "images")
    handle = {"handle": product["handle"]}
    own = _read_common(product)
    nothing: dict[str, Any] = {}
    pairs = list(zip_longest(_list_objects(product, "variants"), pictures, fillvalue=nothing))
    for variant, picture in pairs or [(nothing, nothing)]:  # without either it is a product all the same
        yield SourceRow(found.line, handle | own | _read_variant(variant, pictures) | _read_picture(picture))
        own = {}


def _find_problem(product: dict[str, Any]) -> str:
    """Say why it is none of the products that are read here; nothing where it is one."""
    if not isinstance(product.get("handle"), str):
        return gettext("no product of Shopify: it has no handle")
    if not isinstance(product.get("variants"), list | None):
        return gettext("its variants are no list, as in GraphQL: take /products.json or the REST Admin API")
    if isinstance(product.get("price"), int):
        return gettext("its prices are in cents, as those of /products/HANDLE.js: take /products.json")
    return ""


def _read_common(product: dict[str, Any]) -> dict[str, str]:
    """Return what the first row of a product says of all of it."""
    common = {column: _as_text(product[name]) for name, column in PRODUCT.items() if name in product}
    for place, option in enumerate(_list_objects(product, "options"), start=1):
        common[f"option{place} name"] = _as_text(option.get("name"))
    if "published_at" in product:
        common["published"] = "true" if product["published_at"] else "false"
    return common


def _read_variant(variant: dict[str, Any], pictures: list[dict[str, Any]]) -> dict[str, str]:
    fields = {column: _as_text(variant[name]) for name, column in VARIANT.items() if name in variant}
    if variant.get("available") is not None and "inventory_management" not in variant:
        in_stock = {"variant inventory tracker": ""}
        fields |= in_stock if variant["available"] else {"variant inventory tracker": "shopify", QUANTITY: "0"}
    featured = variant.get("featured_image")
    if not isinstance(featured, dict):
        featured = next((picture for picture in pictures if _is_of(picture, variant)), {})
    return fields | {"variant image": _as_text(featured.get("src"))}


def _is_of(picture: dict[str, Any], variant: dict[str, Any]) -> bool:
    number, shown = variant.get("id"), variant.get("image_id")
    return (number is not None and number in (picture.get("variant_ids") or ())) or (
        shown is not None and shown == picture.get("id")
    )


def _read_picture(picture: dict[str, Any]) -> dict[str, str]:
    names = {"image src": "src", "image position": "position", "image alt text": "alt"}
    return {column: _as_text(picture.get(name)) for column, name in names.items()}


def _list_objects(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = value.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _as_text(value: Any) -> str:
    """Return a value as Shopify's table has it: tags between commas, nothing for null."""
    if isinstance(value, list):
        return ", ".join(map(_as_text, value))
    return "" if value is None else str(value)
