"""A real Chromium, the system's or that of `playwright install chromium`. Skipped, with the reason, without one."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.browser import chromium
from tests.browser.chromium import PATIENCE_MS
from tests.browser.foreign_page import ForeignPage, fill_shelf
from tests.browser.other_site import OtherSite, serve_other_site

logger = logging.getLogger(__name__)
QUIET_S = 0.1  # without a request: what a closed page still sent has been answered


@pytest.fixture
def browser() -> Browser:
    """It stays for the next test if that needs one too: `pytest_runtest_teardown` in tests/conftest.py ends it."""
    return chromium.start()


@pytest.fixture
def live_server(transactional_db, live_server) -> Iterator[LiveServer]:
    """The run's server. Tables are emptied when it has answered all that was asked: a late event would hold them."""
    begun: list[float] = []
    ended: list[float] = []
    begin = lambda **kwargs: begun.append(time.monotonic())  # noqa: E731
    end = lambda **kwargs: ended.append(time.monotonic())  # noqa: E731
    request_started.connect(begin)
    request_finished.connect(end)
    yield live_server
    closed = time.monotonic()
    while len(ended) < len(begun) or time.monotonic() < max([closed, *ended[-1:]]) + QUIET_S:
        if time.monotonic() > closed + PATIENCE_MS / 1000:
            break  # a request whose end nobody was told of, as of a server that a test kills
        time.sleep(0.01)
    request_started.disconnect(begin)
    request_finished.disconnect(end)


@pytest.fixture
def page(browser: Browser, live_server) -> Iterator[Page]:
    """A page of a fresh profile; the test fails when a script on it does. What its console says is in the report."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.on("console", lambda message: logger.warning("%s: %s", message.type, message.text))
    yield opened
    context.close()
    assert failures == []


@pytest.fixture
def mugs(transactional_db, live_server, tmp_path) -> str:
    """A shop with nine mugs and vectors of our own, so that no worker is needed. Returns its address."""
    from catalog.models import Product  # Django is not ready when this file is read
    from embeddings.modalities.registry import FUSED, IMAGE, TEXT
    from tests.browser.test_shop import load_demo
    from tests.recommendations.shelf import at_angle, embed, make_space

    load_demo(tmp_path, "MUG-10")
    space = make_space()
    for number, product in enumerate(Product.objects.order_by("sku")):
        for modality in (FUSED, TEXT, IMAGE):
            embed(space, product, at_angle(5 * number), modality=modality)
    return live_server.url


@pytest.fixture
def other_site(settings) -> Iterator[OtherSite]:
    """A site on an origin of its own that the shop allows."""
    with serve_other_site() as site:
        settings.CORS_ALLOWED_ORIGINS = [site.origin]
        yield site


@pytest.fixture
def foreign(live_server, settings, page: Page) -> ForeignPage:
    """A page of another origin that the shop allows, with twelve products to show."""
    site = live_server.url.replace("localhost", "127.0.0.1")
    settings.CORS_ALLOWED_ORIGINS = [site]
    fill_shelf()
    return ForeignPage(page, live_server.url, site)
