"""The products of a Shopify shop without an export: the pages of `products.json`, which each shop shows to everybody.

What is known of them is seen rather than documented: at most 250 products a page, an empty page after the last one, 429
or 430 for whoever asks too fast, and since 2025 nothing behind the 25,000th product (shopify.dev/changelog,
"New pagination limits for Liquid & Storefront GraphQL API"). Prices name no currency: `meta.json` and `cart.js` do.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

from django.utils.translation import gettext

from catalog.sources.feed import FeedError
from catalog.sources.feed_server import Answer, FeedServer
from catalog.sources.scratch import open_scratch
from catalog.sources.unpacking import too_large, write_piece

PAGE_SIZE = 250
MOST_PRODUCTS = 25_000  # that Shopify leads to
MAX_PAGE_BYTES = 64 * 1024**2  # 250 products with all their variants have a tenth of it
PAUSE_S = 0.5  # between pages
TRIES = 5  # of one page
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 60.0  # a server that wants a longer one is asked at another time
# The shop itself, one of its collections, either in a language or market (`/en-de/`); or the list by its name.
LISTS = re.compile(
    r"(?P<market>(/[a-z]{2}(-[a-z]{2,4})?)?)(?P<collection>(/collections/[^/]+)?)(/|/products\.json)?", re.I
)
CURRENCY = re.compile(r"[A-Z]{3}")

_random = random.SystemRandom()


@dataclass(frozen=True)
class Pages:
    """Where a shop's products are: `root` is its address, with its market; `path` is that of the list below it."""

    root: str
    path: str

    def page(self, number: int) -> str:
        return f"{self.root}{self.path}?limit={PAGE_SIZE}&page={number}"


def find_pages(address: str) -> Pages | None:
    """Return where to page through, or None where the address is that of a file, such as an export."""
    with suppress(ValueError):
        parts = urlsplit(address)
        if match := LISTS.fullmatch(parts.path):
            root = f"{parts.scheme}://{parts.netloc}{match['market']}"
            return Pages(root, f"{match['collection']}/products.json")
    return None


class ShopPages:
    """One reading of a shop's products, politely."""

    def __init__(self, server: FeedServer, pages: Pages, *, on_progress: Callable[[int, int | None], None]) -> None:
        self.server = server
        self.pages = pages
        self.on_progress = on_progress  # called before each request: a shop may have itself waited for, for minutes
        self.done = 0  # bytes
        self.wait: Callable[[float], None] = time.sleep

    def write_products(self, into: IO[bytes], *, max_bytes: int) -> None:
        """Write each product as a line of JSON. Raises FeedError unless the last page was reached."""
        known: set[Any] = set()  # ids: products move from page to page while others are added
        repeated = 0
        for products in self._read_pages():
            fresh = [product for product in products if product.get("id") not in known]
            known.update(product.get("id") for product in fresh)
            repeated = 0 if fresh else repeated + 1
            if repeated == 2:
                raise _find_end(len(known))
            for product in fresh:
                write_piece(into, json.dumps(product, separators=(",", ":")).encode() + b"\n")
            self.done = into.tell()
            if self.done > max_bytes:
                raise too_large(max_bytes)
        if not known:
            raise FeedError(
                gettext("The shop shows no products in its products.json: publish them to the online store."),
                is_temporary=False,
            )

    def ask_currency(self) -> str:
        """Return what prices are in, or nothing where the shop does not say."""
        names = ["meta.json", "cart.js"]  # the shop's own, and what this visitor pays in
        market = urlsplit(self.pages.root).path
        for name in reversed(names) if market else names:
            with suppress(FeedError):
                said = self._ask_json(f"{self.pages.root}/{name}")
                currency = str(said.get("currency", "")).upper() if isinstance(said, dict) else ""
                if CURRENCY.fullmatch(currency):
                    return currency
        return ""

    def _read_pages(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the products of each page, up to the empty one."""
        number, count = 1, 0
        while True:
            try:
                products = self._read_page(number)
            except FeedError as error:
                if number == 1 or error.is_temporary:
                    raise
                raise _find_end(count) from error
            if not products:
                return
            yield products
            count += len(products)
            number += 1
            self.wait(PAUSE_S)

    def _read_page(self, number: int) -> list[dict[str, Any]]:
        """Return the products of a page, tried a few times. Raises FeedError."""
        for tried in range(1, TRIES + 1):
            try:
                return self._find_products(self._ask_json(self.pages.page(number)))
            except FeedError as error:
                wait = error.retry_after_s
                if wait is None:
                    wait = FIRST_WAIT_S * 2 ** (tried - 1) * _random.uniform(0.75, 1.25)
                is_over = time.monotonic() + wait > self.server.ends_at
                if not error.is_temporary or tried == TRIES or wait > LONGEST_WAIT_S or is_over:
                    raise
                self.wait(wait)
        raise AssertionError  # the last try returned or raised

    def _ask_json(self, url: str) -> Any:
        self.on_progress(self.done, None)
        with open_scratch() as page:
            answer = self.server.download(url, into=page, on_progress=lambda *_: None)
            self._follow(answer)
            page.seek(0)
            try:
                return json.load(page)
            except ValueError as error:
                raise _describe_page(answer) from error

    def _follow(self, answer: Answer | None) -> None:
        """Ask for further pages where the first one was found: most shops send on to another host."""
        if answer and answer.target.url.path.endswith(self.pages.path):
            parts = answer.target.url
            root = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(self.pages.path)}"
            self.pages = Pages(root, self.pages.path)

    def _find_products(self, said: Any) -> list[dict[str, Any]]:
        products = said.get("products") if isinstance(said, dict) else None
        if not isinstance(products, list) or not all(isinstance(product, dict) for product in products):
            raise FeedError(
                gettext(
                    "The shop's products.json has no list of products: name the address of a feed or an export instead."
                ),
                is_temporary=False,
            )
        return products


def _describe_page(answer: Answer | None) -> FeedError:
    """What is said of a page that is no JSON."""
    if answer and answer.target.url.path.rstrip("/").endswith("/password"):
        return FeedError(
            gettext(
                "The shop is closed by a password: open it (Online Store, Preferences), or name the address of a feed."
            ),
            is_temporary=False,
        )
    return FeedError(
        gettext(
            "The shop's products.json is no JSON: it is no Shopify shop, or its theme shows something else there. "
            "Name the "
            "address of a feed or an export instead."
        ),
        is_temporary=False,
    )


def _find_end(count: int) -> FeedError:
    """What is said where pages end before an empty one came."""
    if count >= MOST_PRODUCTS:
        return FeedError(
            gettext(
                "Shopify's products.json ends at %(most)s products and the shop has more: name the address of a "
                "Google feed or of an export instead."
            )
            % {"most": f"{MOST_PRODUCTS:,}"},
            is_temporary=False,
        )
    return FeedError(
        gettext("The shop's products.json broke off after %(count)s products: it is tried again.")
        % {"count": f"{count:,}"},
        is_temporary=True,
    )
