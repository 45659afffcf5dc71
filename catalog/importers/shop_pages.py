"""Addresses that a file gives below its shop only: `/products/mug` and the shop's own make the address of a page."""

from __future__ import annotations

import re
from dataclasses import replace

from django.utils.translation import gettext

from catalog.importers.report import SourceRow
from catalog.refusals import BadValue
from catalog.web_addresses import clean_url

KEY = "{key}"  # in a shop's address: stands for what its system calls a product, wherever its pages have it
NAMED = re.compile(r"/(?:[^?#]*/)?([^/?#]+?)(?:\.html)?/?")  # a path that ends with that name


def clean_shop_url(text: str) -> str:
    """Return the address of a shop, below which its pages are, without the slash at its end. Raises BadValue.

    Where its pages are elsewhere than its system has them by default, it says so: `https://shop.example/p/{key}`.
    """
    text = clean_url(text)
    if "?" in text.replace(KEY, "") or "#" in text or text.count(KEY) > 1:
        said = gettext("is more than the address that the shop's pages are below, such as https://shop.example")
        raise BadValue(said, code="invalid")
    return text.rstrip("/")


def complete_row(row: SourceRow, *, shop_url: str) -> SourceRow:
    """Return the row with whole addresses, where it says only what comes below its shop's, and the shop's is known."""
    if not shop_url:
        return row
    fields = dict(row.fields)
    path = row.page_path or fields.get("url", "")
    if path.startswith("/") and not path.startswith("//") and (address := join_page(shop_url, path)):
        fields["url"] = address
    if row.picture_root and fields.get("images"):
        root = shop_url.partition(KEY)[0].rstrip("/") + row.picture_root
        fields["images"] = "|".join(name if "//" in name else root + name for name in fields["images"].split("|"))
    return replace(row, fields=fields)


def join_page(shop_url: str, path: str) -> str:
    """Return the address of a page; nothing where the shop's has a place for a name and the path ends with none."""
    if KEY not in shop_url:
        return shop_url + path
    named = NAMED.fullmatch(path)
    return shop_url.replace(KEY, named[1]) if named else ""
