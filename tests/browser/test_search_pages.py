"""The search page in a real browser: chips, narrowing, suggestions and the photo, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, Route, expect

from catalog.models import Product
from recommendations.models import SearchRule
from recommendations.search.kept_photos import keep_photo
from recommendations.search.queries import prepare_photo
from recommendations.search.vocabulary.learning import learn_vocabulary
from tests.browser.showroom import PHONE
from tests.browser.test_pages import WATCH
from tests.recommendations.shelf import at_angle
from tests.recommendations.test_search import answer_with, as_array

LATE_MS = 300  # in which a list would have come
DEMO = Path(__file__).resolve().parents[2] / "demo" / "homeware"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(mugs: str, monkeypatch) -> str:
    """Nine mugs whose words are learned; no worker answers, so that words alone are searched. Returns the address."""
    monkeypatch.setattr("recommendations.search.queries.TEXT_DEADLINE_S", 0.05)
    for product in Product.objects.all():
        basic = {"sky": "blue", "navy": "blue", "sage": "green"}.get(product.attributes["colour"], "white")
        Product.objects.filter(pk=product.pk).update(colours=[basic])
    learn_vocabulary()
    return mugs


@pytest.fixture
def plain(browser: Browser, live_server) -> Iterator[Page]:
    """A page whose scripts do not run."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="en-GB")
    yield context.new_page()
    context.close()


def cards(page: Page) -> Locator:
    return page.locator(".shop-main .card")


def test_without_scripts_a_search_is_read_narrowed_sorted_and_widened_again(shop: str, plain: Page):
    plain.goto(shop)
    plain.locator("#search-q").fill("mug")
    plain.get_by_role("button", name="Search", exact=True).click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("“mug”")
    everything = Product.objects.count()
    expect(cards(plain)).to_have_count(everything)
    plain.locator(".side-fold summary").click()
    plain.locator(".facet a").filter(has_text="Blue").click()
    blue = Product.objects.filter(colours=["blue"]).count()
    assert blue
    expect(cards(plain)).to_have_count(blue)
    plain.get_by_role("link", name="Take away: blue").click()
    expect(cards(plain)).to_have_count(everything)
    plain.get_by_role("link", name="Price, high to low").click()
    expect(plain).to_have_url(re.compile("sort=-price"))
    plain.get_by_role("link", name="Take away: Mugs").click()
    expect(plain).to_have_url(re.compile("without=category%3ATableware%2FMugs"))
    assert plain.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_misspelt_search_says_what_it_shows_and_can_be_insisted_on(shop: str, plain: Page):
    plain.goto(f"{shop}/search/?q=mug+withe")
    expect(plain.get_by_text("Showing results for")).to_contain_text("mug white")
    plain.get_by_role("link", name="Search for “mug withe” instead").click()
    expect(plain.get_by_text("Showing results for")).to_have_count(0)


def test_a_rule_of_staff_leads_elsewhere(shop: str, plain: Page):
    SearchRule(kind=SearchRule.Kind.REDIRECT, query="everything", url="/?order=price").save()
    plain.goto(f"{shop}/search/?q=everything")
    expect(plain).to_have_url(f"{shop}/?order=price")


def test_what_is_typed_is_completed_and_chosen_with_the_keyboard(shop: str, page: Page):
    page.goto(shop)
    box = page.locator("#search-q")
    box.press_sequentially("mu", delay=20)
    options = page.get_by_role("option")
    expect(options.first).to_have_text("Mugs")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    box.press_sequentially("g", delay=20)
    expect(options.first).to_be_visible()
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"category=Tableware%2FMugs"))


def test_a_list_that_comes_late_neither_opens_again_nor_takes_away_what_is_chosen(shop: str, page: Page):
    page.goto(shop)
    box, listbox = page.locator("#search-q"), page.get_by_role("listbox")
    held: list[Route] = []
    page.route("**/search/suggestions/**", lambda route: held.append(route) if waits else route.continue_())
    waits = False
    box.press_sequentially("mug", delay=20)
    expect(listbox).to_be_visible()
    waits = True
    with page.expect_request("**/search/suggestions/**"):
        box.press_sequentially("s")
    box.press("ArrowDown")
    for route in held:
        with suppress(Error):  # of one that is not waited for any more
            route.continue_()
    page.wait_for_timeout(LATE_MS)
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    page.wait_for_timeout(LATE_MS)
    expect(listbox).to_be_hidden()


def test_enter_searches_for_what_is_typed_where_nothing_is_chosen(shop: str, page: Page):
    page.goto(shop)
    box = page.locator("#search-q")
    box.press_sequentially("mug", delay=20)
    expect(page.get_by_role("option").first).to_be_visible()
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=mug"))


def test_a_frame_drawn_on_the_photo_becomes_part_of_an_address_that_can_be_shared(shop: str, page: Page, monkeypatch):
    answer_with(monkeypatch, lambda text: dict.fromkeys(("image", "fused"), as_array(at_angle(0))))
    monkeypatch.setattr("recommendations.search.queries.PHOTO_DEADLINE_S", 20.0)
    name = keep_photo(prepare_photo((DEMO / "images" / "MUG-103.webp").read_bytes()))
    page.add_init_script(WATCH)
    page.set_viewport_size(PHONE)
    page.goto(f"{shop}/search/?image={name}", wait_until="networkidle")
    assert page.evaluate("shifts.reduce((sum, one) => sum + one, 0)") == 0
    first = page.locator(".card-price").first.bounding_box()
    assert first["y"] + first["height"] <= page.locator("[data-consent-line]").bounding_box()["y"]
    frame = page.locator(".photo-frame").bounding_box()
    page.mouse.move(frame["x"] + 2, frame["y"] + 2)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"crop=0\.0\d+%2C0\.0\d+%2C0\.5\d*%2C0\.5"))
    expect(page.get_by_label("Look at")).to_have_value(re.compile(r"0\.0\d+,0\.0\d+,0\.5\d*,0\.5"))


def test_without_a_worker_a_photo_cannot_be_looked_at_and_one_that_is_gone_is_said_to_be(shop: str, page: Page):
    name = keep_photo(prepare_photo((DEMO / "images" / "MUG-103.webp").read_bytes()))
    page.goto(f"{shop}/search/?image={name}")
    expect(page.get_by_text("Photos cannot be searched right now")).to_be_visible()
    gone = page.request.get(f"{shop}/search/?image={'x' * 22}")
    assert gone.status == 404
    assert "This photo is kept no longer" in gone.text()
