"""From the address of a feed to a shopper's click in the admin: what a shop does in its first quarter of an hour.

`-s` prints how long each step took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from config.services.paths import BASE_DIR
from tests.acceptance.test_up import Shop, start_shop, wait_until  # noqa: F401  start_shop is a fixture
from tests.browser.conftest import browser, page  # noqa: F401  fixtures
from tests.browser.other_site import OtherSite, serve_other_site

SKUS = ("MUG-101", "MUG-105", "MUG-107", "MUG-109", "VAS-104", "CUP-103")
SHOWN = len(SKUS) - 1  # all but the product of the page
READY_S = 240.0
EMBED_S = 180.0  # the encoders are loaded for the first product
HERE = "MUG-101"


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print how long a step took."""
    began = time.monotonic()
    yield
    print(f"{time.monotonic() - began:6.1f} s  {name}")  # noqa: T201


def write_item(site: OtherSite, sku: str, title: str) -> str:
    return f"""<item><g:id>{sku}</g:id><g:title>{title}</g:title><g:description>{title}, made by hand.</g:description>
        <g:link>{site.origin}/products/{sku}</g:link><g:image_link>{site.origin}/pictures/{sku}.webp</g:image_link>
        <g:price>24.00 EUR</g:price><g:availability>in_stock</g:availability><g:condition>new</g:condition></item>"""


def write_page(site: OtherSite, shop_url: str, sku: str, title: str) -> str:
    """A product page as shops have them: it says its SKU to search engines, and nowhere else."""
    said = json.dumps({"@context": "https://schema.org", "@type": "Product", "sku": sku, "name": title})
    return f"""<!doctype html><html lang="en"><head><title>{title}</title>
        <script type="application/ld+json">{said}</script>
        <script type="module" async src="{shop_url}/widgets/kindred.js"></script></head><body><h1>{title}</h1>
        <kindred-similar consent="granted" placement="product-page" api="{shop_url}"></kindred-similar></body></html>"""


@pytest.fixture
def site() -> Iterator[OtherSite]:
    """A shop elsewhere, which has a feed and pictures; its pages come once Kindred's address is known."""
    with serve_other_site() as site:
        items = "".join(write_item(site, sku, f"Stoneware {sku}") for sku in SKUS)
        feed = f"""<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>
            <title>A shop</title><link>{site.origin}</link><description>All</description>{items}</channel></rss>"""
        site.put(feed, path="/feed.xml", kind="application/xml")
        for sku in SKUS:
            picture = (BASE_DIR / "demo" / "homeware" / "images" / f"{sku}.webp").read_bytes()
            site.put(picture, path=f"/pictures/{sku}.webp", kind="image/webp")
        yield site


def manage(shop: Shop, *arguments: str, **settings: str) -> str:
    """Run a command on the running shop and return what it says."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
    done = subprocess.run(command, env=shop.environment | settings, capture_output=True, text=True, timeout=READY_S)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def similar_to(sku: str, *, shop: str) -> list[str]:
    with urllib.request.urlopen(f"{shop}/api/v1/products/{sku}/similar/", timeout=30) as answer:
        return [result["sku"] for result in json.load(answer)["results"]]


@pytest.mark.timeout(900)
def test_from_the_address_of_a_feed_to_a_click_in_the_admin(start_shop: Callable[..., Shop], site, page: Page):  # noqa: F811
    with step("Kindred comes up"):
        shop = start_shop(CORS_ALLOWED_ORIGINS=site.origin, KINDRED_FETCH_NETWORKS="127.0.0.0/8")
        shop.wait_until_ready()
    url = f"http://127.0.0.1:{shop.port}"
    with step("sources add: a dry run of the feed"):
        said = manage(shop, "sources", "add", "shop", "--kind", "google", "--address", f"{site.origin}/feed.xml")
    assert "Would create 6" in said
    assert "sources enable shop" in said
    assert shop.status_of(f"/api/v1/products/{HERE}/") == 404  # nothing is loaded yet
    with step("sources enable: the worker loads the feed and its pictures, and embeds the products"):
        manage(shop, "sources", "enable", "shop")
        wait_until(lambda: shop.status_of(f"/api/v1/products/{HERE}/") == 200, EMBED_S)
        wait_until(lambda: len(similar_to(HERE, shop=url)) == SHOWN, EMBED_S)
    for sku in SKUS:
        site.put(write_page(site, url, sku, f"Stoneware {sku}"), path=f"/products/{sku}")
    cards = page.locator("kindred-similar [part=item] a[href]")
    with step("the widget on the shop's own page"):
        page.goto(f"{site.origin}/products/{HERE}")
        expect(cards).to_have_count(SHOWN)
    picture = page.locator("kindred-similar img").first
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
    links = cards.evaluate_all("cards => cards.map((card) => card.href)")
    assert sorted(links) == sorted(f"{site.origin}/products/{sku}" for sku in SKUS if sku != HERE)
    chosen = links[0].rpartition("/")[2]
    with step("a click leads to the shop's own page of the product"):
        cards.first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Stoneware {chosen}")
    with step("staff see the click"):
        login = {"DJANGO_SUPERUSER_USERNAME": "staff", "DJANGO_SUPERUSER_PASSWORD": "walk-in-the-park"}
        manage(shop, "createsuperuser", "--noinput", "--email", "staff@shop.example", **login)
        page.goto(f"{url}/admin/login/?next=/admin/behaviour/event/")
        page.get_by_label("Username").fill("staff")
        page.get_by_label("Password").fill("walk-in-the-park")
        page.get_by_role("button", name="Log in").click()
        page.goto(f"{url}/admin/behaviour/event/?type=click&q={chosen}")
        expect(page.locator("#result_list tbody tr")).to_have_count(1)
    assert "product-page" in page.locator("#result_list tbody tr").inner_text()
