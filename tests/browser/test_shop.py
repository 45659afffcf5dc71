"""The shop in a real browser: with a worker, from the first page to why two products are similar."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from catalog.models import Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from embeddings.models import PendingEmbedding
from recommendations.search import queries
from tests.recommendations.shelf import at_angle, embed, make_space

DEMO = Path(__file__).resolve().parents[2] / "demo" / "homeware"
EMBED_S = 120.0
WORKER_MS = 60_000  # the worker loads its encoders at the first question

pytestmark = pytest.mark.django_db(transaction=True)


def load_demo(folder: Path, *prefixes: str) -> None:
    """Import the demo's products whose SKUs begin with one of `prefixes`."""
    lines = (DEMO / "products.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    catalogue = folder / "products.csv"
    catalogue.write_text(lines[0] + "".join(line for line in lines if line.startswith(prefixes)), encoding="utf-8")
    call_command("import_products", str(catalogue), "--images", str(DEMO))


@pytest.fixture
def shop(start_worker, live_server, tmp_path, monkeypatch) -> str:
    """Eighteen products of the demo, embedded by a real worker that also answers searches. Returns the address."""
    for deadline in ("TEXT_DEADLINE_S", "PHOTO_DEADLINE_S"):  # a busy machine is not what is tested here
        monkeypatch.setattr(queries, deadline, EMBED_S)
    start_worker(queues="embeddings,interactive")
    load_demo(tmp_path, "MUG-10", "MIR-10")
    deadline = time.monotonic() + EMBED_S
    while PendingEmbedding.objects.exists():
        assert time.monotonic() < deadline, "the products were not embedded"
        time.sleep(0.2)
    return live_server.url


@pytest.fixture
def shelf(transactional_db, live_server, tmp_path) -> str:
    """Nine mugs with vectors of our own, so that no worker is needed. Returns the address."""
    load_demo(tmp_path, "MUG-10")
    space = make_space()
    for number, product in enumerate(Product.objects.order_by("sku")):
        for modality in (FUSED, TEXT, IMAGE):
            embed(space, product, at_angle(5 * number), modality=modality)
    return live_server.url


def test_from_the_front_page_to_why_two_products_are_similar(shop: str, page: Page):
    page.goto(shop)
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything")
    page.get_by_role("link", name="Halla Mug, speckled white").click()
    similar = page.get_by_role("region", name="Similar products")
    expect(similar.get_by_role("link", name="Why?").first).to_be_visible()
    first = similar.locator(".card").first
    assert "Mug" in first.inner_text()
    similar.get_by_role("link", name="Why?").first.click()
    expect(page.get_by_role("dialog").locator(".why-shares")).to_contain_text("Text")
    page.get_by_role("link", name="Look closer: words").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why are these similar?")
    expect(page.locator(".why-shares")).to_contain_text("Text")
    expect(page.locator(".why-words")).to_be_visible(timeout=WORKER_MS)  # the page looks again by itself
    heat = page.locator("img.why-heat")
    expect(heat).to_be_visible()
    # It has its place on the page before it has arrived.
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=heat.element_handle())

    page.locator("#search-q").fill("镜子")
    page.locator("#search-q").press("Enter")
    expect(page.locator(".card").first).to_contain_text("Mirror")
    expect(page.get_by_text("Searched by words alone")).to_have_count(0)

    sku = "MUG-102"
    page.get_by_label("Choose a photo").set_input_files(DEMO / "images" / f"{sku}.webp")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Like your photo")
    assert page.locator(".card").first.get_attribute("href") == Product.objects.get(sku=sku).get_absolute_url()


def test_the_web_component_shows_similar_products_on_another_site(shelf: str, page: Page, settings):
    other_site = shelf.replace("localhost", "127.0.0.1")  # another origin to a browser
    settings.CORS_ALLOWED_ORIGINS = [other_site]
    html = f"""<!doctype html><html lang="en"><title>Other site</title>
        <script type="module" src="{shelf}/widgets/kindred.js"></script>
        <kindred-similar sku="MUG-101" limit="2" api="{shelf}"></kindred-similar></html>"""
    page.route(f"{other_site}/elsewhere/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{other_site}/elsewhere/")
    cards = page.locator("kindred-similar").locator("li")
    expect(cards.locator("a")).to_have_count(2)  # room for two is there before
    assert cards.first.locator("a").get_attribute("href") == f"{shelf}/products/MUG-105/"  # the nearest other design


def test_the_console_names_the_origin_that_the_shop_does_not_allow_yet(shelf: str, page: Page, settings):
    settings.CORS_ALLOWED_ORIGINS = []
    other_site = shelf.replace("localhost", "127.0.0.1")
    html = f"""<!doctype html><html lang="en"><title>Other site</title>
        <script type="module" src="{shelf}/widgets/kindred.js"></script>
        <kindred-similar sku="MUG-101" api="{shelf}" consent="granted"></kindred-similar></html>"""
    page.route(f"{other_site}/elsewhere/", lambda route: route.fulfill(body=html, content_type="text/html"))
    with page.expect_console_message(lambda message: "kindred-similar" in message.text) as said:
        page.goto(f"{other_site}/elsewhere/")
    assert said.value.text == (
        f'<kindred-similar sku="MUG-101">: no answer from {shelf} could be read. '
        f"If the shop is up, allow this page: CORS_ALLOWED_ORIGINS={other_site}"
    )
    expect(page.locator("kindred-similar").locator("li")).to_have_count(0)
    height = "document.querySelector('kindred-similar').offsetHeight"
    assert page.evaluate(height) > 0  # what has been shown does not move
    page.reload()
    expect(page.locator("kindred-similar").locator("li")).to_have_count(0)
    assert page.evaluate(height) == 0  # the next page keeps no room for a shop that did not answer
    settings.CORS_ALLOWED_ORIGINS = [other_site]
    page.reload()
    expect(page.locator("kindred-similar").locator("li")).to_have_count(2)
    # With consent, the session and what was looked at stay; that the shop did not answer is forgotten.
    assert sorted(page.evaluate("Object.keys(sessionStorage)")) == ["kindred-recent", "kindred-session"]


def test_pages_fit_a_phone(shelf: str, page: Page):
    page.set_viewport_size({"width": 375, "height": 800})
    for path in ("/", "/products/MUG-101/", "/search/?q=mug"):  # why/ has its test in test_pages.py
        assert page.goto(shelf + path).status == 200
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, path
