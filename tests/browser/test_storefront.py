"""The storefront in a browser: the cart with and without a script, what is sent with consent, and nothing without."""

from __future__ import annotations

import re
import threading
import time

import pytest
from django.db.models import F
from playwright.sync_api import Browser, Locator, Page, expect

from behaviour.events.event import Event
from behaviour.storefront import bundle, list_pages
from behaviour.storefront.list_pages import find_recent
from catalog.models import Product
from recommendations.services import recommend
from tests.behaviour.learned_rows import make_version, teach_ranking
from tests.browser.accessibility import find_violations
from tests.browser.showroom import DESKTOP, PHONE
from tests.browser.test_pages import WATCH

pytestmark = pytest.mark.django_db(transaction=True)
ARRIVAL_S = 20.0
MAX_SHIFT = 0.02
NEEDED = {"csrftoken", "kindred_cart_N", "kindred_consent", "messages"}
SCREENS = pytest.mark.parametrize(
    "screen", [{"width": 390, "height": 844}, {"width": 1280, "height": 900}], ids=["phone", "desktop"]
)


@pytest.fixture
def bundled(mugs, monkeypatch) -> str:
    """A shop in which MUG-101 is bought with three others."""
    made = lambda product, visitor: recommend("similar", anchors=[product.sku], limit=3)  # noqa: E731
    monkeypatch.setattr(bundle, "make_bundle", made)
    return mugs


def agree(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("[data-consent-line]")).to_have_count(0)


def follow(page: Page, link: Locator) -> None:
    """Click, and wait for the page it leads to: a click alone waits for none, and the old one is as quiet as can be."""
    address = link.get_attribute("href")
    link.click()
    expect(page).to_have_url(re.compile(re.escape(address) + "$"))
    page.wait_for_load_state("networkidle")


def read_events(*kinds: str, count: int) -> list[Event]:
    """Return the events of these kinds, once so many have arrived: no page is told that a beacon has."""
    deadline = time.monotonic() + ARRIVAL_S
    while Event.objects.filter(type__in=kinds).count() < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return list(Event.objects.filter(type__in=kinds).order_by("id"))


def count_in_header(page: Page) -> str:
    return page.locator("[data-cart-count]").first.inner_text()


def test_a_product_goes_into_the_cart_without_a_new_page_and_it_is_said(mugs, page):
    page.goto(f"{mugs}/products/MUG-101/")
    page.evaluate("window.stays = true")
    page.get_by_label("Quantity").fill("2")
    page.locator(".product-cart button").click()
    expect(page.get_by_role("status").filter(has_text="is in your cart")).to_be_visible()
    assert (count_in_header(page), page.evaluate("window.stays")) == ("2", True)
    page.locator(".similar .card-cart button").first.click()
    expect(page.locator("[data-cart-count]").first).to_have_text("3")


def test_two_products_that_are_put_in_at_once_are_both_in_the_cart(mugs, page):
    page.goto(f"{mugs}/products/MUG-101/")
    page.evaluate("for (const form of document.querySelectorAll('.card-cart, .product-cart')) form.requestSubmit()")
    forms = page.locator(".card-cart, .product-cart").count()
    assert forms >= 2
    expect(page.locator("[data-cart-count]").first).to_have_text(str(forms))
    page.goto(f"{mugs}/cart/")
    expect(page.locator(".cart-line")).to_have_count(forms)


def test_two_tabs_that_put_in_the_same_product_at_once_put_in_two(mugs, page):
    tabs = [page, page.context.new_page()]
    for tab in tabs:
        tab.goto(f"{mugs}/products/MUG-101/")
    for tab in tabs:
        tab.evaluate("document.querySelector('.product-cart').requestSubmit()")
    for tab in tabs:
        expect(tab.get_by_role("status").filter(has_text="is in your cart")).to_be_visible()
    page.goto(f"{mugs}/cart/")
    expect(page.get_by_label("Quantity")).to_have_value("2")


def test_the_cart_works_by_the_keyboard_alone(mugs, page):
    page.goto(f"{mugs}/products/MUG-101/")
    page.get_by_label("Quantity").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-cart-count]").first).to_have_text("1")
    page.goto(f"{mugs}/cart/")
    page.get_by_role("spinbutton").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator("[data-cart-count]").first).to_have_text("3")
    expect(page.locator(".cart-totals dd")).to_have_text("€47.70")


def test_without_a_script_everything_is_a_form(bundled, browser: Browser):
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{bundled}/products/MUG-101/")
    page.locator("[data-bundle] input[type=checkbox]").nth(1).uncheck()
    page.get_by_role("button", name="Put these into the cart").click()
    expect(page).to_have_url(f"{bundled}/cart/")
    expect(page.locator(".cart-line")).to_have_count(2)
    page.locator(".cart-line").first.get_by_role("button", name="Remove").click()
    expect(page.locator(".cart-line")).to_have_count(1)
    page.get_by_role("button", name="Check out").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.get_by_role("button", name="Only what is needed").click()
    expect(page.locator("[data-consent-line]")).to_have_count(0)
    assert {re.sub("[0-9]+$", "N", cookie["name"]) for cookie in context.cookies()} <= NEEDED
    context.close()
    assert not Event.objects.exists()


def test_a_bundle_says_the_price_of_every_choice(bundled, page):
    Product.objects.filter(sku="MUG-105").update(price="12.34", list_price="20", currency="USD")
    page.goto(f"{bundled}/products/MUG-101/")
    ticks, total = page.locator("[data-bundle] input[type=checkbox]"), page.locator("[data-totals]")
    prices = dict(Product.objects.values_list("sku", "price"))
    names = ticks.evaluate_all("all => all.map((tick) => tick.value)")
    assert (names[0], len(names), "MUG-105" in names) == ("MUG-101", 3, True)
    euros = sum(price for sku, price in prices.items() if sku in names and sku != "MUG-105")
    expect(total).to_have_text(f"€{euros} + $12.34")
    ticks.nth(names.index("MUG-105")).uncheck()
    expect(total).to_have_text(f"€{euros}")
    ticks.first.uncheck()
    expect(total).to_have_text(f"€{euros - prices['MUG-101']}")
    for tick in ticks.all()[1:]:
        tick.uncheck()
    expect(page.get_by_role("button", name="Put these into the cart")).to_be_disabled()


def test_without_consent_nothing_is_sent_and_nothing_kept(mugs, page):
    requests: list[str] = []
    page.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
    for is_asked in (True, False):
        page.goto(f"{mugs}/products/MUG-101/", wait_until="networkidle")
        page.locator(".similar .card").first.scroll_into_view_if_needed()
        page.wait_for_timeout(1_500)  # longer than a product has to be in view to count as seen
        follow(page, page.locator(".similar .card").first)
        if is_asked:
            with page.expect_response("**/consent/"):
                page.get_by_role("button", name="Only what is needed").click()
    assert [one for one in requests if one.startswith("POST")] == [f"POST {mugs}/consent/"]
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert {re.sub("[0-9]+$", "N", cookie["name"]) for cookie in page.context.cookies()} <= NEEDED
    assert not Event.objects.exists()


def test_with_consent_views_lists_clicks_and_purchases_are_events_of_one_session(mugs, page):
    agree(page, f"{mugs}/products/MUG-101/")
    first = page.locator(".similar .card").first
    first.scroll_into_view_if_needed()
    page.wait_for_timeout(1_500)
    shown_in = page.locator(".similar").get_attribute("data-recommendation-id")
    sku = first.get_attribute("data-sku")
    follow(page, first)
    page.locator(".product-cart button").click()
    expect(page.locator("[data-cart-count]").first).to_have_text("1")
    page.goto(f"{mugs}/cart/")
    page.get_by_role("button", name="Check out").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    kept = read_events("view", "click", "add_to_cart", "purchase", count=5)
    assert sorted((one.type, one.sku) for one in kept) == sorted(
        [("view", "MUG-101"), ("view", sku), ("click", sku), ("add_to_cart", sku), ("purchase", sku)]
    )
    (click,) = (one for one in kept if one.type == "click")
    assert (click.position, click.recommendation_id) == (1, shown_in)
    seen = [one.sku for one in Event.objects.filter(type="impression", recommendation_id=shown_in)]
    assert sku in seen
    assert len(seen) == len(set(seen))
    assert len(set(Event.objects.values_list("session_key", flat=True))) == 1
    assert set(Event.objects.values_list("strategy", "placement").filter(type="click")) == {("similar", "widget")}


def test_what_was_viewed_is_shown_again_until_consent_is_taken_back(mugs, page, monkeypatch):
    agree(page, f"{mugs}/products/MUG-101/")
    page.locator(".site-footer").scroll_into_view_if_needed()
    page.locator(".site-header").scroll_into_view_if_needed()
    expect(page.locator("[data-recent]")).to_have_count(0)  # nothing was viewed before: its room is given back
    for sku in ("MUG-102", "MUG-103"):
        page.goto(f"{mugs}/products/{sku}/", wait_until="networkidle")
    shown = page.locator("[data-recent] .card")
    page.add_init_script(WATCH)
    is_below = threading.Event()  # slow: what is below its place is looked at meanwhile
    monkeypatch.setattr(list_pages, "find_recent", lambda skus: find_recent(skus) if is_below.wait(20) else [])
    with page.expect_request("**/lists/recently-viewed/**"):
        page.goto(f"{mugs}/products/MUG-103/")
        page.locator(".site-footer").scroll_into_view_if_needed()
    is_below.set()
    expect(shown).to_have_count(2)
    assert page.evaluate("shifts.reduce((sum, one) => sum + one, 0)") < MAX_SHIFT
    assert shown.evaluate_all("all => all.map((card) => card.dataset.sku)") == ["MUG-102", "MUG-101"]
    page.goto(f"{mugs}/consent/")
    page.get_by_role("button", name="Only what is needed").click()
    expect(page.get_by_text("Nothing is remembered but what is needed.")).to_be_visible()
    page.wait_for_function("localStorage.length === 0")


def test_global_privacy_control_is_never_asked_and_never_counted(mugs, browser: Browser):
    context = browser.new_context(extra_http_headers={"Sec-GPC": "1"}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{mugs}/products/MUG-101/", wait_until="networkidle")
    expect(page.locator("[data-consent-line]")).to_have_count(0)
    assert {cookie["name"] for cookie in context.cookies()} <= {"csrftoken"}
    context.close()


@pytest.mark.parametrize(  # every two of screen, language and scheme meet once
    ("screen", "language", "scheme"),
    [(PHONE, "en-GB", "light"), (PHONE, "zh-CN", "dark"), (DESKTOP, "en-GB", "dark"), (DESKTOP, "zh-CN", "light")],
    ids=["phone-en-light", "phone-zh-dark", "desktop-en-dark", "desktop-zh-light"],
)
def test_no_page_of_the_storefront_has_a_fault_that_axe_finds(bundled, browser: Browser, screen, language, scheme):
    context = browser.new_context(viewport=screen, locale=language, color_scheme=scheme)
    page = context.new_page()
    faults = {}
    Product.objects.update(list_price=F("price") + 5)  # what only readers of pages aloud hear may widen no page either
    teach_ranking(make_version(), "trending", list(Product.objects.values_list("sku", flat=True)))
    for path in ("/", "/products/MUG-101/", "/consent/", "/cart/", "/cart/thanks/"):
        page.goto(bundled + path, wait_until="networkidle")
        if path == "/products/MUG-101/":
            page.locator(".product-cart button").click()
            expect(page.locator("[data-cart-count]").first).to_have_text("1")
        faults[path] = [(one["id"], one["nodes"][0]["html"][:200]) for one in find_violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"], path
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == {"light": "rgb(251, 248, 243)", "dark": "rgb(27, 24, 21)"}[scheme]
    context.close()
    assert {path: found for path, found in faults.items() if found} == {}
