"""The door to a feed, wherever it is: behind a URL, in a file, or spread over the pages of a Shopify shop."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import IO

from django.conf import settings
from django.utils.translation import gettext

from catalog.sources.addresses import is_web_address
from catalog.sources.feed import Feed, FeedError, FeedRequest, Validators
from catalog.sources.feed_files import copy_file
from catalog.sources.feed_server import FeedServer
from catalog.sources.shopify_pages import MAX_PAGE_BYTES, ShopPages, find_pages
from catalog.sources.unpacking import unpack_archive

Progress = Callable[[int, int | None], None]
HEAD = 1024  # bytes that say what a file is
BEFORE_TEXT = b"\xef\xbb\xbf\xff\xfe \r\n\t\x00"
WEB_PAGES = (b"<!doctype html", b"<html")


def fetch_feed(request: FeedRequest, *, into: IO[bytes], on_progress: Progress) -> Feed | None:
    """Write the whole feed, unpacked, into the empty file `into`, and leave it at its start. None: it has not changed.

    `on_progress` is called with the bytes that have come, and with how many there will be where that is known.
    Raises FeedError; what is in the file then is of no use.
    """
    if not is_web_address(request.address):
        validators = copy_file(request, into=into, on_progress=on_progress)
        return _describe(into, request=request, validators=validators) if validators else None
    if request.kind == "shopify" and (pages := find_pages(request.address)):
        server = FeedServer(replace(request, validators=Validators()), max_bytes=MAX_PAGE_BYTES)
        shop = ShopPages(server, pages, on_progress=on_progress)
        shop.write_products(into, max_bytes=settings.KINDRED_FEED_MAX_BYTES)
        feed = _describe(into, request=request, validators=Validators())
        return replace(feed, currency=shop.ask_currency(), shop_url=pages.root)
    server = FeedServer(request, max_bytes=settings.KINDRED_FEED_MAX_BYTES)
    answer = server.download(request.address, into=into, on_progress=on_progress)
    return _describe(into, request=request, validators=answer.validators) if answer else None


def _describe(into: IO[bytes], *, request: FeedRequest, validators: Validators) -> Feed:
    """Unpack what is packed, and say what it is. Raises FeedError for what cannot be a feed."""
    size = unpack_archive(into, max_bytes=settings.KINDRED_FEED_MAX_BYTES)
    into.seek(0)
    start = into.read(HEAD).lstrip(BEFORE_TEXT).lower()
    if not start:
        raise FeedError(gettext("The feed is empty: there is not a single letter in it."), is_temporary=True)
    if start.replace(b"\x00", b"").startswith(WEB_PAGES):
        raise FeedError(
            gettext(
                "The answer is a web page, not a feed: open the address in a private window of a browser. If it asks "
                "to "
                "log in, give the source its credentials; if it shows a notice, wait until it is gone."
            ),
            is_temporary=False,
        )
    into.seek(0)
    sha256 = hashlib.file_digest(into, "sha256").hexdigest()  # type: ignore[arg-type]  # readinto, which files have
    into.seek(0)
    reader = _choose_reader(request.kind, start)
    return Feed(reader=reader, validators=validators, sha256=sha256, size=size)


def _choose_reader(kind: str, start: bytes) -> str:
    """What Shopify gives is its products as JSON or its export as CSV, whichever the address is of."""
    return "shopify-json" if kind == "shopify" and start.startswith((b"{", b"[")) else kind
