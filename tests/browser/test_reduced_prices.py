"""Prices before a reduction in a real browser: on cards, on the product page, in the web component."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shelf(transactional_db, live_server) -> str:
    """A mug, and beside it one that is reduced and one that is not. Returns the address."""
    space = make_space()
    fields = {"currency": "EUR", "price": Decimal("8.00")}
    put(space, "A", at_angle(0), **fields)
    put(space, "B", at_angle(20), **fields, list_price=Decimal("10.00"), url="https://shop.example/b")
    put(space, "C", at_angle(40), **fields, list_price=Decimal("8.00"))
    return live_server.url


def test_the_web_component_shows_both_prices_and_leads_to_the_shops_page(shelf: str, page: Page, settings):
    other_site = shelf.replace("localhost", "127.0.0.1")
    settings.CORS_ALLOWED_ORIGINS = [other_site]
    html = f"""<!doctype html><html lang="en"><title>Other site</title>
        <script type="module" src="{shelf}/widgets/kindred.js"></script>
        <kindred-similar sku="A" limit="2" api="{shelf}"></kindred-similar></html>"""
    page.route(f"{other_site}/elsewhere/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{other_site}/elsewhere/")
    cards = page.locator("kindred-similar").locator("li")
    expect(cards.locator("a")).to_have_count(2)  # room for two is there before
    prices = cards.locator(".price").all_inner_texts()
    assert [" ".join(text.split()) for text in prices] == ["€8.00 €10.00", "€8.00"]
    names = [link.get_attribute("aria-label") for link in cards.locator("a").all()]
    assert names == ["B, €8.00, Price before: €10.00, B", "C, €8.00, C"]
    assert cards.nth(0).locator("a").get_attribute("href") == "https://shop.example/b"
    assert cards.nth(1).locator("a").get_attribute("href") == f"{shelf}/products/C/"


@pytest.mark.parametrize("path", ["/", "/products/B/", "/products/A/"])
def test_pages_strike_out_the_higher_price_and_fit_a_phone(shelf: str, page: Page, path: str):
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(shelf + path)
    before = page.locator("del.price-before").first
    expect(before).to_be_visible()
    assert before.evaluate("element => getComputedStyle(element).textDecorationLine") == "line-through"
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
