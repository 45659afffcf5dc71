"""The storefront as a showcase: phone first, small, still, light and dark, in two languages, open to everyone."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import expect

from catalog.models import Product, ProductImage, Wording
from tests.browser.accessibility import find_grave, find_grave_in_all_colours
from tests.browser.showroom import (
    COMPARED,
    DESKTOP,
    PAGES,
    PHONE,
    PRODUCT,
    add_pictures,
    decide,
    explain_one,
    explain_plainly,
    turn_vectors,
)
from tests.browser.test_pages import WATCH, look_through

pytestmark = pytest.mark.django_db(transaction=True)

MAX_BYTES = 40_000  # of a page without pictures, compressed
MAX_SHIFT = 0.02
LONG = "A very long title " * 27


@pytest.fixture
def shop(mugs: str, monkeypatch) -> str:
    """Nine mugs whose order by words is the opposite of that by pictures; no worker answers. Returns the address."""
    monkeypatch.setattr("recommendations.search.queries.TEXT_DEADLINE_S", 0.05)
    monkeypatch.setattr("recommendations.product_parts.explain_pairs", explain_plainly)
    monkeypatch.setattr("recommendations.pages.explain_pair", explain_one)
    turn_vectors()
    return mugs


def test_on_a_phone_the_first_product_is_seen_without_scrolling(shop, page):
    page.set_viewport_size(PHONE)
    for path in ("/", "/?category=Tableware/Mugs", "/search/?q=mug"):
        page.goto(shop + path)
        first = page.locator(".card").first
        consent = page.locator("[data-consent-line]").bounding_box()
        for part in (".card-picture", ".card-title", ".card-price"):
            box = first.locator(part).bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= consent["y"], (path, part)
            assert box["x"] + box["width"] <= PHONE["width"]


def test_a_page_without_pictures_is_small(shop, page):
    answers = []

    def note(answer):  # of a method of a list the driver asks too much
        answers.append(answer)

    page.on("response", note)
    for path in PAGES:
        answers.clear()
        page.goto(shop + path, wait_until="networkidle")
        files = [answer for answer in answers if answer.request.resource_type != "image"]
        sizes = {answer.url: len(gzip.compress(answer.body())) for answer in files}
        assert len(sizes) >= 4, path
        assert sum(sizes.values()) < MAX_BYTES, sizes


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_moves_while_a_page_loads(shop, page, screen):
    page.add_init_script(WATCH)
    page.set_viewport_size(screen)
    for path in ("/?category=Tableware/Mugs", COMPARED, f"{PRODUCT}?dial=4"):
        look_through(page, shop + path)
        assert page.evaluate("forbidden") == [], path
        assert page.evaluate("shifts.reduce((sum, one) => sum + one, 0)") < MAX_SHIFT, path


@pytest.mark.parametrize(("screen", "language"), [(PHONE, "zh-hans"), (DESKTOP, "en")], ids=["phone zh", "desktop en"])
def test_no_page_has_a_serious_fault_of_accessibility(shop, page, screen, language):
    page.set_viewport_size(screen)
    decide(page, shop, language=language)
    found = {}
    for path in PAGES:
        page.goto(shop + path, wait_until="networkidle")
        found[path] = find_grave_in_all_colours(page)
    page.goto(shop + PRODUCT)
    page.locator("[data-why]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found["why"] = find_grave_in_all_colours(page)
    page.keyboard.press("Escape")
    page.locator(".zoom-link").first.click()
    found["zoom"] = find_grave_in_all_colours(page)
    page.keyboard.press("Escape")
    page.locator("[popovertarget]").click()
    found["photo"] = find_grave_in_all_colours(page)
    assert {place: faults for place, faults in found.items() if faults} == {}


def test_the_switch_changes_colours_at_once_and_the_next_page_comes_in_them(shop, page):
    page.emulate_media(color_scheme="light")
    page.goto(shop)
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(251, 248, 243)"
    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate(paper) == "rgb(27, 24, 21)"
    expect(page.get_by_role("button", name="Light colours")).to_be_focused()
    page.goto(shop + PRODUCT)
    assert page.locator("html").get_attribute("data-theme") == "dark"
    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="Light colours").press("Enter")
    assert page.evaluate(paper) == "rgb(251, 248, 243)"
    page.emulate_media(color_scheme="dark")  # what the device says was not kept as a choice
    page.goto(shop)
    assert page.evaluate(paper) == "rgb(27, 24, 21)"


def test_names_are_chinese_for_those_who_read_it(shop, page):
    for kind, name, text in [
        ("category", "Mugs", "马克杯"),
        ("category", "Tableware", "餐具"),
        ("attribute", "colour", "颜色"),
        ("value", "white", "白色"),
    ]:
        Wording.objects.create(kind=kind, name=name, language="zh", text=text)
    decide(page, shop, language="zh-hans")
    page.goto(shop + PRODUCT)
    assert page.locator(".crumbs li").all_inner_texts()[1:] == ["餐具", "马克杯"]
    row = page.locator(".attributes tr", has_text="颜色")
    expect(row.locator("td")).to_have_text("白色")


def test_latin_quotes_are_as_narrow_in_chinese_pages_as_in_english_ones(shop, page):
    widths = {}
    for language in ("en", "zh-hans"):
        decide(page, shop, language=language)
        page.goto(f"{shop}/search/?q=mug")
        widths[language] = page.evaluate(
            """() => ["h1", "p", ".card-title"].map((name) => {
              const mark = document.createElement("span");
              mark.textContent = "“";
              const host = document.querySelector(name) ?? document.body;
              host.append(mark);
              return mark.getBoundingClientRect().width / parseFloat(getComputedStyle(mark).fontSize);
            })"""
        )
    assert widths["zh-hans"] == pytest.approx(widths["en"], abs=0.01)
    assert max(widths["zh-hans"]) < 0.7  # a Chinese one takes a whole em


def test_products_of_every_kind_fit_a_phone(shop, page):
    ProductImage.objects.filter(product__sku="MUG-102").delete()
    Product.objects.filter(sku="MUG-102").update(title=LONG[:500], price=None)
    Product.objects.filter(sku="MUG-103").update(title="كوب من السيراميك الأبيض", stock=0, brand="دار الخزف")
    add_pictures("MUG-104", 9)
    page.set_viewport_size({"width": 320, "height": 700})
    decide(page, shop)
    for path in [
        "/",
        *(f"/products/MUG-{number}/" for number in (101, 102, 103, 104)),
        "/compare/?sku=MUG-102&sku=MUG-103&sku=MUG-104",
    ]:
        page.goto(shop + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert find_grave(page) == [], path
