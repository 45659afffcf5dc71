"""The widget on screens and for people as they are: slow networks, right to left, zoom, dark, keyboards, axe-core."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.test_widget_abroad import MAX_SHIFT, SHIFTED, WATCH, links, write_page

pytestmark = pytest.mark.django_db(transaction=True)

PICTURES = os.environ.get("KINDRED_TEST_PICTURES")  # a folder: each test leaves a picture of what it saw
ALL = 'sku="MUG-101" limit="8" params="variants=show"'
# Chromium's own "Slow 3G" is 400 ms and 50 kB/s; its "3G" of tests is this.
SLOW = {"offline": False, "latency": 300, "downloadThroughput": 750 * 1024 / 8, "uploadThroughput": 250 * 1024 / 8}
TIMES = """
  window.times = {};
  addEventListener("load", () => (times.load = performance.now()));
  addEventListener("kindred-loaded", () => (times.list = performance.now()));
  new MutationObserver(() => {
    const root = document.querySelector("kindred-similar")?.shadowRoot;
    if (root?.querySelector("[aria-busy=true] [part=item]")) times.skeleton ??= performance.now();
  }).observe(document, { childList: true, subtree: true });
  const busy = setInterval(() => {
    if (!document.querySelector("kindred-similar")?.shadowRoot?.querySelector("[aria-busy=true] [part=item]")) return;
    times.skeleton ??= performance.now();
    clearInterval(busy);
  }, 5);
"""


def keep_picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.fixture
def visitor(page: Page) -> Page:
    page.add_init_script(WATCH)
    return page


ROOM = "<style>kindred-similar:not(:defined) { display: block; min-height: 294px }</style>"  # a carousel


@pytest.mark.parametrize(("way", "head"), [("async", ROOM), ('blocking="render"', "")], ids=["async", "blocking"])
def test_on_a_slow_network_the_page_is_loaded_before_the_list_and_nothing_moves(mugs, other_site, visitor, way, head):
    visitor.add_init_script(TIMES)
    network = visitor.context.new_cdp_session(visitor)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW)
    page = write_page(mugs, head=head, attributes=f'{ALL} layout="carousel"', after="<p>A line.</p>" * 40)
    visitor.goto(other_site.put(page.replace("async src", f"{way} src")), wait_until="load")
    expect(links(visitor)).to_have_count(8)
    times = visitor.evaluate("times")
    assert times["skeleton"] < times["list"]
    assert times["load"] < times["list"]  # what the page waits for is the script, never an answer or a picture of ours
    visitor.wait_for_load_state("networkidle")
    assert visitor.evaluate(SHIFTED) < MAX_SHIFT


@pytest.mark.parametrize("layout", ["grid", "carousel", "compact"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_the_first_card_stands_where_the_page_begins_to_read(mugs, other_site, visitor, direction, layout):
    page = write_page(mugs, attributes=f'{ALL} layout="{layout}"').replace("<html", f'<html dir="{direction}"')
    visitor.set_viewport_size({"width": 700, "height": 900})
    visitor.goto(other_site.put(page))
    expect(links(visitor)).to_have_count(8)
    first, second = (visitor.locator("kindred-similar [part=item]").nth(number).bounding_box() for number in (0, 1))
    row = visitor.locator("kindred-similar").bounding_box()
    keep_picture(visitor, f"{layout}-{direction}")
    if direction == "rtl":
        assert first["x"] + first["width"] == pytest.approx(row["x"] + row["width"], abs=6)
        assert layout == "compact" or second["x"] < first["x"]
    else:
        assert first["x"] == pytest.approx(row["x"], abs=6)
        assert layout == "compact" or second["x"] > first["x"]
    assert visitor.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("direction", "sign"), [("ltr", 1), ("rtl", -1)])
def test_the_buttons_of_a_carousel_go_on_in_the_direction_of_reading(mugs, other_site, visitor, direction, sign):
    page = write_page(mugs, attributes=f'{ALL} layout="carousel"').replace("<html", f'<html dir="{direction}"')
    visitor.emulate_media(reduced_motion="reduce")
    visitor.set_viewport_size({"width": 500, "height": 900})
    visitor.goto(other_site.put(page))
    expect(links(visitor)).to_have_count(8)
    previous, following = visitor.get_by_role("button", name="Previous"), visitor.get_by_role("button", name="Next")
    before, after = previous.bounding_box(), following.bounding_box()
    assert (after["x"] - before["x"]) * sign > 0
    expect(previous).to_be_disabled()
    following.click()
    where = "document.querySelector('kindred-similar').shadowRoot.querySelector('[part=list]').scrollLeft"
    visitor.wait_for_function(f"{where} * {sign} > 100")
    expect(previous).to_be_enabled()
    press = "button => { button.click(); return button.ariaDisabled === 'true'; }"
    visitor.wait_for_function(press, arg=following.element_handle())
    expect(following).to_be_disabled()
    expect(links(visitor).last).to_be_in_viewport()


@pytest.mark.parametrize("layout", ["grid", "carousel", "compact"])
@pytest.mark.parametrize("zoom", ["twice the size of everything", "twice the size of text"])
def test_at_200_percent_nothing_is_cut_off_and_nothing_scrolls_sideways(mugs, other_site, browser, zoom, layout):
    """WCAG 1.4.4 and 1.4.10: a window of 1,280 pixels at 200 % is one of 640, twice as dense."""
    head = "<style>html { font-size: 200%; }</style>" if zoom.endswith("text") else ""
    context = browser.new_context(viewport={"width": 640, "height": 480}, device_scale_factor=2)
    page = context.new_page()
    page.goto(other_site.put(write_page(mugs, head=head, attributes=f'{ALL} layout="{layout}" why')))
    expect(links(page)).to_have_count(8)
    keep_picture(page, f"zoom-{layout}-{zoom.split()[-1]}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = page.locator("kindred-similar [part=item]").evaluate_all(
        "items => items.map((item) => { const { left, right, top, bottom } = item.getBoundingClientRect();"
        " return { left, right, top, bottom, spilled: item.scrollHeight > item.clientHeight + 1 }; })"
    )
    assert [box for box in boxes if box["spilled"]] == []
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            beside = one["right"] <= other["left"] + 1 or other["right"] <= one["left"] + 1
            assert beside or one["bottom"] <= other["top"] + 1 or other["bottom"] <= one["top"] + 1
    context.close()


PARTS_IN_VIEW = """() => {
  const root = document.querySelector("kindred-similar").shadowRoot;
  return ["h2", ".title", ".price"].map((name) => getComputedStyle(root.querySelector(name)).color);
}"""


@pytest.mark.parametrize(("scheme", "ink"), [("light", "rgb(0, 0, 0)"), ("dark", "rgb(255, 255, 255)")])
def test_colours_are_those_of_the_page_in_light_and_dark(mugs, other_site, visitor, scheme, ink):
    visitor.emulate_media(color_scheme=scheme)
    head = '<meta name="color-scheme" content="light dark">'
    visitor.goto(other_site.put(write_page(mugs, head=head, attributes=f'{ALL} layout="carousel" why')))
    expect(links(visitor)).to_have_count(8)
    keep_picture(visitor, scheme)
    assert visitor.evaluate(PARTS_IN_VIEW) == [ink] * 3


def walk(page: Page, *, keys: str = "Tab") -> str:
    """Press the keys and return what has the focus then, by its name."""
    page.keyboard.press(keys)
    return page.evaluate(
        """() => {
          let at = document.activeElement;
          while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
          return at.ariaLabel || at.textContent.trim();
        }"""
    )


def test_a_keyboard_goes_through_buttons_and_cards_and_out_again(mugs, other_site, visitor):
    page = write_page(mugs, attributes='sku="MUG-101" limit="3" params="variants=show" layout="carousel" why',
                      after='<a href="#end">The end</a>')  # fmt: skip
    visitor.set_viewport_size({"width": 300, "height": 700})
    visitor.emulate_media(reduced_motion="reduce")
    visitor.goto(other_site.put(page))
    expect(links(visitor)).to_have_count(3)
    cards = [link.get_attribute("aria-label") for link in links(visitor).all()]
    seen = [walk(visitor) for _ in range(9)]
    assert seen[:2] == ["Previous", "Next"]
    assert [name for name in seen if name in cards] == cards
    assert seen[-1] == "The end"
    assert walk(visitor, keys="Shift+Tab").startswith("Why?")
    links(visitor).first.focus()
    assert walk(visitor, keys="ArrowRight") == cards[1]
    assert walk(visitor, keys="Home") == cards[0]
    outline = links(visitor).first.evaluate("link => getComputedStyle(link).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize("layout", ["grid", "carousel", "compact"])
@pytest.mark.parametrize(("scheme", "direction"), [("light", "ltr"), ("dark", "rtl")])
def test_axe_finds_nothing(mugs, other_site, visitor, scheme, direction, layout):
    visitor.emulate_media(color_scheme=scheme)
    head = '<meta name="color-scheme" content="light dark">'
    page = write_page(mugs, head=head, attributes=f'{ALL} layout="{layout}" why')
    page = page.replace("<html", f'<html dir="{direction}"')
    visitor.goto(other_site.put(page))
    expect(links(visitor)).to_have_count(8)
    found = Axe().run(visitor, context="kindred-similar")
    assert [(rule["id"], rule["impact"]) for rule in found.response["violations"]] == []
    assert len(found.response["passes"]) > 10  # it looked
