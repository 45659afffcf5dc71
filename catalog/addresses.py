"""Where pages and pictures of products are: in the shop itself where that is known, and otherwise here.

Whatever links to a product or shows it asks here.
Answers hold hundreds of addresses: a route is looked up once, not for each.

Django's `reverse` takes 50 us of CPU for an address, a twentieth of it is the address.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from django.conf import settings
from django.urls import get_script_prefix, reverse

from catalog.view_audit.asked import audits_views

MARK = "-"  # stands for what varies; nothing that follows it in a route contains one
SHOP = "shop"  # of KINDRED_PICTURES_FROM; else Kindred serves them
SECURE = "https://"  # a page that is encrypted itself shows no others
UNQUOTED = "!$&'()*+,;=/~:@"  # what may stand in a path as it is (RFC 3986), as `reverse` has it


def find_page(sku: str, *, url: str) -> str:
    """Return the address of a product's page: `url`, the shop's own, or the path of ours where that is not known.

    Where views are written down it is ours: what is opened elsewhere is not, and an answer is read for our addresses.
    """
    return product_page_address(sku) if not url or audits_views() else url


def find_picture(sha256: str, *, source_url: str, width: int) -> str:
    """Return the address of a picture: where the shop has it, if the settings say so, or the path of ours."""
    if settings.KINDRED_PICTURES_FROM == SHOP and is_shown_from(source_url):
        return source_url
    return sized_picture_address(sha256, width=width)


def is_shown_from(address: str) -> bool:
    """May pages show a picture from where the shop has it? Their policy lets them from the settings' origins alone."""
    if address[: len(SECURE)].lower() != SECURE:
        return False
    host = address[len(SECURE) :].partition("/")[0].lower().removesuffix(":443")
    allowed = [origin.partition("://")[2].lower() for origin in settings.KINDRED_PICTURE_ORIGINS]
    return not allowed or any(
        host.endswith(name[1:]) if name.startswith("*.") else host == name.removesuffix(":443") for name in allowed
    )


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
