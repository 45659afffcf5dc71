"""Similar products for a page: out of Django's cache where they can be, else within a deadline, else none.

A page never fails here and never waits longer than the deadline. A list is fresh for a while; then it is still shown
while a thread asks for a new one. After some failures Kindred is not asked for a time: one that is down costs nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connections
from django.utils.translation import get_language

from kindred_django.api import Refused, Unavailable, ask, product_path, to_json
from kindred_django.configuration import configuration, is_enabled
from kindred_django.sources import find_sku

logger = logging.getLogger("kindred_django")

AT_ONCE = 8  # requests of this process that may be under way
FAILURES, OPEN_S = 3, 30.0  # one after another, until Kindred is not asked; and for how long
EMPTY_S = 60  # a list without products is asked for again sooner: the product may be new

Products = dict[str, Any]  # an answer of Kindred's, with `results`


@dataclass
class Breaker:
    """Remembers whether Kindred answered lately. Of this process alone."""

    failures: int = 0
    open_until: float = 0.0

    def is_open(self) -> bool:
        return time.monotonic() < self.open_until

    def note(self, error: Exception | None) -> None:
        """Count a failure, or an answer (None). The last failure before it opens is logged, the others are not."""
        if error is None:
            self.failures = 0
            return
        self.failures += 1
        if self.failures >= FAILURES:
            wait_s = max(OPEN_S, getattr(error, "retry_after_s", 0.0))
            self.open_until = time.monotonic() + wait_s
            if self.failures == FAILURES:
                logger.warning("No similar products are shown for now: %s Asked again in %.0f s.", error, wait_s)


@dataclass
class Asker:
    """Threads that ask Kindred. An answer that comes too late for its page is in the cache for the next one."""

    breaker: Breaker = field(default_factory=Breaker)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "kindred-similar"))
    under_way: dict[str, Future[Products | None]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, key: str, sku: str, params: Mapping[str, Any], language: str) -> Future[Products | None] | None:
        """Have a list asked for, once however many pages want it. None: Kindred is not asked now."""
        with self.lock:
            future = self.under_way.get(key)
            if future is None:
                if self.breaker.is_open() or len(self.under_way) >= AT_ONCE:
                    return None
                future = self.under_way[key] = self.pool.submit(self.fetch, key, sku, params, language)
            return future

    def fetch(self, key: str, sku: str, params: Mapping[str, Any], language: str) -> Products | None:
        """In a thread: ask, and put the answer into the cache. None where there was none."""
        try:
            answer = ask_similar(sku, params, language=language)
            self.breaker.note(None)
            write_cache(key, answer)
        except Exception as error:
            if not isinstance(error, Unavailable):
                logger.exception("Similar products of %s could not be had.", sku)
            self.breaker.note(error)
            return None
        finally:
            with self.lock:
                self.under_way.pop(key, None)
            connections.close_all()  # the cache may be a database's
        return answer


asker = Asker()


def _start_anew() -> None:
    """The threads are not there after a fork."""
    global asker
    asker = Asker()


os.register_at_fork(after_in_child=_start_anew)


def ask_similar(sku: str, params: Mapping[str, Any], *, language: str) -> Products:
    """Return Kindred's list; an empty one where it does not know the product (yet). Raises Unavailable."""
    try:
        answer: Products = ask("GET", product_path(sku, "similar/"), params=params, language=language)
    except Refused as error:
        if error.status != 404:
            logger.warning("Kindred does not list what is similar to %s: %s", sku, error)
        return {"results": []}
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        raise Unavailable(f"{configuration().url} answers something else than a list of products.")
    return answer


def similar_products(product: Any, **params: Any) -> Products:
    """Return Kindred's answer for a product of the shop or a SKU; `results` is empty where there is none in time.

    `params` are those of GET products/{sku}/similar/, such as `limit=8` and `strategy="substitutes"`.
    """
    nothing: Products = {"results": []}
    if not is_enabled() or product is None or product == "":
        return nothing
    try:
        shown, future = look_up(find_sku(product), params)
        if future is not None:
            shown = wait_for(future) or shown
        return shown or nothing
    except Exception:  # whatever it is: the page is worth more
        logger.exception("Similar products could not be had.")
        return nothing


async def asimilar_products(product: Any, **params: Any) -> Products:
    """The same for asynchronous views, whose event loop goes on meanwhile."""
    try:
        sku = await sync_to_async(find_sku)(product) if is_enabled() and product is not None else ""
    except Exception:
        logger.exception("Similar products could not be had.")
        sku = ""
    return await asyncio.to_thread(similar_products, sku, **params)


def look_up(sku: str, params: Mapping[str, Any]) -> tuple[Products | None, Future[Products | None] | None]:
    """Return what can be shown at once, and the answer that is worth to wait for, if there is any."""
    language = get_language() or ""
    key = "kindred_django:" + hashlib.sha256(to_json([configuration().url, sku, params, language]).encode()).hexdigest()
    asked_at, shown = read_cache(key)
    fresh_s = configuration().cache_s if shown and shown["results"] else min(EMPTY_S, configuration().cache_s)
    if shown is not None and time.time() - asked_at < fresh_s:
        return shown, None
    future = asker.submit(key, sku, params, language)
    return shown, (None if shown and shown["results"] else future)


def wait_for(future: Future[Products | None]) -> Products | None:
    """Return the answer; None: there is none within the deadline."""
    try:
        return future.result(configuration().deadline_ms / 1000)
    except TimeoutError:
        asker.breaker.note(Unavailable(f"Kindred has not answered within {configuration().deadline_ms} ms."))
        return None


def read_cache(key: str) -> tuple[float, Products | None]:
    """Return when a list was asked for, and the list. A cache that is down has none, and Kindred is asked."""
    try:
        return cache.get(key) or (0.0, None)
    except Exception as error:
        logger.warning("The cache does not answer: %s", error)
        return 0.0, None


def write_cache(key: str, answer: Products) -> None:
    """Keep a list. A cache that is down takes it from no page."""
    try:
        cache.set(key, (time.time(), answer), configuration().cache_s + configuration().stale_s)
    except Exception as error:
        logger.warning("The cache takes no list of products: %s", error)
