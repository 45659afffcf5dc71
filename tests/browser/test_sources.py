"""A merchant connects a shop: from the address of a feed to products, on one page that shows by itself how it goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Product, Source, SourceRun
from catalog.sources.running import run_source
from tests.browser.test_admin import log_in
from tests.catalog.sources.feed_site import FEED, FeedSite, open_site

LOOKED_AT_AGAIN_MS = 4_000


@pytest.fixture
def site(settings) -> Iterator[FeedSite]:
    settings.KINDRED_FETCH_NETWORKS = ["127.0.0.0/8"]
    with open_site() as found:
        found.give("/feed.xml", FEED)
        yield found


def test_a_feed_is_added_tried_loaded_and_followed_without_a_reload(live_server, page: Page, site):
    log_in(page, live_server.url)
    page.clock.install()
    page.goto(f"{live_server.url}/admin/catalog/source/add/")
    page.get_by_label("Name:", exact=True).fill("cups")
    page.get_by_label("Kind:").select_option("google")
    page.get_by_label("Address:").fill(f"{site.url}/feed.xml")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Waits for a worker")

    source = Source.objects.get()
    address = page.get_by_label("Address:")
    address.fill("https://shop.example/half-typed")
    SourceRun.objects.update(state="reading", done_bytes=400, total_bytes=1000, rows=1)
    page.clock.fast_forward(LOOKED_AT_AGAIN_MS)
    expect(page.get_by_role("status")).to_have_text("Being read, 1 rows")
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 0.4)
    stop = page.get_by_role("button", name="Stop")
    stop.focus()

    SourceRun.objects.update(state="waiting")
    run_source(source.pk)
    page.clock.fast_forward(LOOKED_AT_AGAIN_MS)
    expect(page.get_by_text("Would create 2")).to_be_visible()
    assert address.input_value() == "https://shop.example/half-typed"
    assert Product.objects.count() == 0

    page.get_by_role("button", name="Load it and keep it true").click()
    expect(page.get_by_role("status")).to_have_text("Waits for a worker")
    run_source(source.pk)
    page.clock.fast_forward(LOOKED_AT_AGAIN_MS)
    expect(page.get_by_role("status")).to_contain_text("Kept true")
    page.get_by_role("link", name="The products that it keeps").click()
    expect(page.get_by_role("link", name="Cup cup")).to_be_visible()
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["cup", "pot"]
