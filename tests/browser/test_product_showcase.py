"""A product's page: the dial, why, pictures from near, products side by side, and photos to search with."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import IO, Any

import pytest
from PIL import ExifTags, Image
from playwright.sync_api import Browser, Page, expect

from recommendations import search_page
from recommendations.search.queries import prepare_photo
from tests.browser.showroom import (
    PHONE,
    PRODUCT,
    add_pictures,
    explain_one,
    explain_plainly,
    list_skus,
    turn_vectors,
)
from tests.browser.test_pages import WATCH

pytestmark = pytest.mark.django_db(transaction=True)

MAX_SHIFT = 0.02
DEMO = Path(__file__).resolve().parents[2] / "demo" / "homeware"


@pytest.fixture
def shop(mugs: str, monkeypatch) -> str:
    """Nine mugs whose order by words is the opposite of that by pictures; no worker answers. Returns the address."""
    monkeypatch.setattr("recommendations.search.queries.TEXT_DEADLINE_S", 0.05)
    monkeypatch.setattr("recommendations.product_parts.explain_pairs", explain_plainly)
    monkeypatch.setattr("recommendations.pages.explain_pair", explain_one)
    turn_vectors()
    return mugs


def test_the_dial_swaps_the_list_with_no_new_page_and_its_address_brings_it_again(shop, page):
    page.goto(shop + PRODUCT)
    page.evaluate("window.stays = true")
    middle = list_skus(page)
    dial = page.get_by_role("slider")
    expect(dial).to_have_attribute("aria-valuetext", "Words and picture")
    dial.focus()
    with page.expect_response("**/similar/?*dial=4"):
        dial.press("End")
    expect(dial).to_have_attribute("aria-valuetext", "The picture alone")
    expect(page.locator(".similar .card").first).not_to_have_attribute("data-sku", middle[0])
    by_picture = list_skus(page)
    assert sorted(by_picture) == sorted(middle)
    assert by_picture == middle[::-1]
    assert page.evaluate("window.stays")
    assert page.url.endswith("?dial=4")
    page.reload()
    assert list_skus(page) == by_picture
    expect(page.get_by_role("slider")).to_have_value("4")


def test_what_is_below_the_list_stays_where_it_is_while_the_dial_turns(shop, page):
    page.add_init_script(WATCH)
    page.goto(shop + PRODUCT, wait_until="networkidle")
    page.get_by_role("slider").scroll_into_view_if_needed()
    page.evaluate("shifts.length = 0")
    height = page.evaluate("document.documentElement.scrollHeight")
    with page.expect_response("**/similar/?*dial=0"):
        page.get_by_role("slider").press("Home")
    page.wait_for_timeout(700)
    assert page.evaluate("document.documentElement.scrollHeight") == height
    assert page.evaluate("shifts.reduce((sum, one) => sum + one, 0)") < MAX_SHIFT


def test_without_scripts_the_dial_is_a_form_and_why_a_link(shop, browser: Browser):
    context = browser.new_context(java_script_enabled=False, viewport=PHONE, locale="en-GB")
    page = context.new_page()
    page.goto(shop + PRODUCT)
    middle = list_skus(page)
    page.goto(f"{shop}{PRODUCT}?dial=4#similar")
    assert list_skus(page) == middle[::-1]
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(f"{shop}{PRODUCT}?dial=4#similar")
    page.get_by_role("link", name="Why?").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why are these similar?")
    page.go_back()
    page.locator(".similar").get_by_role("link", name="Compare").first.click()
    expect(page.locator(".compare-table thead th")).to_have_count(2)
    page.get_by_label("Only what is different").check()
    expect(page.locator(".is-same").first).to_be_hidden()
    context.close()


def test_why_is_read_closed_and_left_by_the_keyboard(shop, page):
    page.goto(shop + PRODUCT)
    link = page.locator("[data-why]").first
    link.focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_visible()
    expect(sheet.locator(".why-shares li")).to_have_count(2)
    expect(sheet.locator(".attributes")).to_contain_text("Tableware/Mugs")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(link).to_be_focused()


def test_pictures_are_swiped_chosen_and_looked_at_closer(shop, page):
    add_pictures("MUG-101", 9)
    page.goto(shop + PRODUCT)
    thumbs = page.locator(".thumbs a")
    expect(thumbs).to_have_count(10)
    thumbs.nth(3).click()
    expect(thumbs.nth(3)).to_have_attribute("aria-current", "true")
    assert page.evaluate("scrollY") == 0
    page.locator(".zoom-link").nth(3).press("Enter")
    zoom = page.get_by_role("dialog")
    picture = zoom.locator("img")
    expect(picture).to_have_attribute("alt", "Halla Mug, speckled white, picture 4")
    page.keyboard.press("+")
    assert "scale(1.6)" in picture.get_attribute("style")
    page.keyboard.press("ArrowRight")
    assert "translate(-60px, 0px)" in picture.get_attribute("style")
    page.keyboard.press("0")
    page.keyboard.press("ArrowRight")
    expect(picture).to_have_attribute("alt", "Halla Mug, speckled white, picture 5")
    zoom.get_by_role("button", name="Next picture").click()
    expect(picture).to_have_attribute("alt", "Halla Mug, speckled white, picture 6")
    page.keyboard.press("Escape")
    expect(page.locator(".zoom-link").nth(5)).to_be_focused()


def test_a_picture_is_spread_by_two_fingers_and_swiped_by_one(shop, page):
    add_pictures("MUG-101", 1)
    page.set_viewport_size(PHONE)
    page.goto(shop + PRODUCT)
    page.locator(".zoom-link").first.click()
    picture = page.locator(".zoom img")
    touch(page, [("pointerdown", 1, 180), ("pointerdown", 2, 200), ("pointermove", 2, 240), ("pointerup", 2, 240)])
    assert "scale(3)" in picture.get_attribute("style")
    touch(page, [("pointerup", 1, 180)])
    page.keyboard.press("0")
    touch(page, [("pointerdown", 1, 300), ("pointermove", 1, 150), ("pointerup", 1, 150)])
    expect(picture).to_have_attribute("alt", "Halla Mug, speckled white, picture 2")


def touch(page: Page, moves: list[tuple[str, int, int]]) -> None:
    """Send what a touch screen would: kind, finger, and how far from the left."""
    page.evaluate(
        """moves => {
          const stage = document.querySelector(".zoom-stage");
          stage.setPointerCapture = () => {};
          for (const [kind, pointerId, clientX] of moves)
            stage.dispatchEvent(new PointerEvent(kind, { pointerId, clientX, clientY: 400, bubbles: true }));
        }""",
        moves,
    )


def test_a_second_product_is_compared_with_the_first_of_this_tab(shop, page):
    page.goto(f"{shop}{PRODUCT}")
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.locator(".compare-table thead th")).to_have_count(1)
    page.goto(f"{shop}/products/MUG-105/")
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.locator(".compare-table thead th")).to_have_count(2)
    assert page.url.endswith("/compare/?sku=MUG-105&sku=MUG-101")
    page.get_by_role("link", name="Compare with").first.click()
    expect(page.locator(".compare-table thead th")).to_have_count(3)
    page.get_by_role("link", name="Take away").first.click()
    expect(page.locator(".compare-table thead th")).to_have_count(2)


GIVE = """([kind, base64, type]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], "mug", { type }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent(kind, { ...options, clipboardData: given })
    : new DragEvent(kind, { ...options, dataTransfer: given });
  document.querySelector("main").dispatchEvent(event);
}"""


@pytest.mark.parametrize("way", ["choose", "take", "drop", "paste"])
def test_a_photo_is_chosen_taken_dropped_or_pasted_on_any_page(shop, page, way, tmp_path, monkeypatch):
    photo = tmp_path / "mug.jpg"
    place = Image.Exif()
    place[ExifTags.Base.ImageDescription] = "At home"
    Image.open(DEMO / "images" / "MUG-103.webp").convert("RGB").save(photo, exif=place)
    received: list[bytes] = []

    def receive(sent: bytes | IO[bytes], **options: Any) -> bytes:
        received.append(sent if isinstance(sent, bytes) else sent.read())
        return prepare_photo(received[-1], **options)

    monkeypatch.setattr(search_page, "prepare_photo", receive)
    page.set_viewport_size(PHONE)
    page.goto(shop + PRODUCT)
    if way in ("choose", "take"):
        page.get_by_role("button", name="Search by photo").click()
        expect(page.get_by_text("Choose a photo")).to_be_visible()
        page.locator("#search-image" if way == "choose" else "#search-camera").set_input_files(photo)
    else:
        content = base64.b64encode(photo.read_bytes()).decode()
        if way == "drop":
            page.evaluate(GIVE, ["dragover", content, "image/jpeg"])
            expect(page.locator(".photo-panel.is-target")).to_be_visible()
        page.evaluate(GIVE, [way, content, "image/jpeg"])
    page.wait_for_url("**/search/?image=*")  # kept, and searched for; no worker is there to look at it
    assert b"At home" in photo.read_bytes()
    assert received
    assert not any(b"At home" in one for one in received)


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_what_is_no_photo_is_said_to_be_none(shop, page, way):
    page.goto(shop)
    for kind in ("dragover", "drop") if way == "drop" else ("paste",):
        page.evaluate(GIVE, [kind, "JVBERi0=", "application/pdf"])
    expect(page.get_by_role("dialog", name="Search by photo").get_by_role("status")).to_have_text(
        "Choose a photo first."
    )


def test_text_that_is_pasted_goes_where_it_belongs(shop, page):
    page.goto(shop)
    page.locator("#search-q").focus()
    page.keyboard.insert_text("mug")
    expect(page.locator("#search-q")).to_have_value("mug")
    is_left_alone = page.evaluate(  # a table's cells come with a picture of them
        """() => {
          const given = new DataTransfer();
          given.setData("text/plain", "mug");
          given.items.add(new File(["x"], "cells.png", { type: "image/png" }));
          const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: given });
          return document.querySelector("#search-q").dispatchEvent(event);
        }"""
    )
    assert is_left_alone
    expect(page.locator("#search-photo")).to_be_hidden()
