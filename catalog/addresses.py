"""Addresses of pages and pictures for answers that hold hundreds of them: a route is looked up once, not for each.

Django's `reverse` takes 50 us of CPU for an address, a twentieth of it is the address.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from django.urls import get_script_prefix, reverse

MARK = "-"  # stands for what varies; nothing that follows it in a route contains one
UNQUOTED = "!$&'()*+,;=/~:@"  # what may stand in a path as it is (RFC 3986), as `reverse` has it


def product_page_address(sku: str) -> str:
    """Return the path of our own page of a product."""
    before, after = split_route("product_page", get_script_prefix())
    return f"{before}{quote(sku, safe=UNQUOTED)}{after}"


def sized_picture_address(sha256: str, *, width: int) -> str:
    """Return the path of a picture as WebP, at most `width` pixels wide: one of `sizes.WIDTHS`."""
    before, after = split_route("sized_picture", get_script_prefix(), width)
    return f"{before}{sha256 or 'none'}{after}"


@lru_cache(maxsize=64)
def split_route(name: str, prefix: str, *last: int) -> tuple[str, str]:
    """Return what stands before and after the first argument of a route, below the prefix that the shop is served at.

    `reverse` knows the prefix by itself: it is an argument because what is remembered depends on it.
    """
    before, _, after = reverse(name, args=[MARK, *last]).rpartition(MARK)
    return before, after
