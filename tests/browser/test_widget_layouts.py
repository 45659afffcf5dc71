"""How a widget looks and is used: grid, carousel, compact list, the page's own template, reasons, strict policies."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from recommendations.explanations.pairs import PairExplanation
from recommendations.explanations.services import Why
from recommendations.rest import explanations
from tests.browser.foreign_page import TALL, ForeignPage

pytestmark = pytest.mark.django_db(transaction=True)
MAX_SHIFT = 0.02
CAROUSEL = '<kindred-similar sku="A" limit="10" layout="carousel"></kindred-similar>'
TEMPLATE = """
<kindred-similar sku="A" limit="4" params="out_of_stock=mixed">
  <h3 slot="heading">You may like</h3>
  <template>
    <article class="mine">
      <a data-kindred="link"><img data-kindred="picture"><b data-kindred="title"></b></a>
      <i data-kindred="sku"></i><s data-kindred="list-price"></s><em data-kindred="price"></em>
      <u data-kindred="badge"></u><small data-kindred="position"></small><q data-kindred="reason"></q>
      <button data-kindred="cart">Add</button><button data-kindred="why">Why?</button>
    </article>
  </template>
  <p slot="empty">Nothing like it</p>
</kindred-similar>"""


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.shadowRoot.activeElement.pathname")


def test_a_carousel_says_what_it_is_and_is_walked_by_keys(foreign: ForeignPage):
    page = foreign.open(CAROUSEL)
    carousel = page.get_by_role("region", name="Similar products")
    expect(carousel.locator("a")).to_have_count(10)
    assert carousel.get_attribute("aria-roledescription") == "carousel"
    slides = carousel.get_by_role("group")
    assert slides.evaluate_all("all => all.map((one) => [one.ariaRoleDescription, one.ariaLabel])")[:2] == [
        ["slide", "1 / 10"],
        ["slide", "2 / 10"],
    ]
    slides.nth(0).locator("a").focus()
    for key, path in (
        ("ArrowRight", "/2"),
        ("ArrowRight", "/3"),
        ("ArrowLeft", "/2"),
        ("Home", "/1"),
        ("ArrowLeft", "/1"),
    ):
        page.keyboard.press(key)
        assert focused(page) == path
    page.keyboard.press("End")
    expect(slides.nth(9)).to_be_in_viewport(ratio=0.9)
    assert focused(page) == "/11"  # the fifth is sold out, and beyond the limit


def test_a_carousel_is_turned_by_its_buttons(foreign: ForeignPage):
    page = foreign.open(CAROUSEL)
    previous, following = page.get_by_role("button", name="Previous"), page.get_by_role("button", name="Next")
    expect(previous).to_have_attribute("aria-disabled", "true")
    first, last = (page.locator("kindred-similar .item").nth(place) for place in (0, 9))
    expect(last).not_to_be_in_viewport()
    following.click()
    expect(last).to_be_in_viewport()
    expect(following).to_have_attribute("aria-disabled", "true")
    expect(first).not_to_be_in_viewport(ratio=0.5)
    previous.click()
    expect(first).to_be_in_viewport(ratio=0.9)


def test_a_carousel_runs_the_other_way_where_lists_do(foreign: ForeignPage):
    page = foreign.open(f'<div dir="rtl">{CAROUSEL}</div>')
    slides = page.locator("kindred-similar .item")
    slides.nth(0).locator("a").focus()
    assert slides.nth(0).bounding_box()["x"] > slides.nth(1).bounding_box()["x"]
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "/2"
    page.get_by_role("button", name="Next").click()
    expect(slides.nth(9)).to_be_in_viewport()


def test_a_carousel_that_is_all_in_view_has_no_buttons(foreign: ForeignPage):
    page = foreign.open(CAROUSEL.replace('"10"', '"2"'))
    expect(page.locator("kindred-similar a")).to_have_count(2)
    expect(page.locator("kindred-similar .controls")).not_to_be_visible()


def test_no_motion_where_none_is_wanted(foreign: ForeignPage):
    foreign.page.emulate_media(reduced_motion="reduce")
    page = foreign.open(CAROUSEL)
    expect(page.locator("kindred-similar a")).to_have_count(10)
    page.get_by_role("button", name="Next").click()
    assert page.locator("kindred-similar .list").evaluate("list => list.scrollLeft") > 300  # at once


def test_a_compact_list_has_its_pictures_beside_the_text(foreign: ForeignPage):
    page = foreign.open('<kindred-similar sku="A" limit="3" layout="compact"></kindred-similar>')
    cards = page.locator("kindred-similar li")
    expect(cards.locator("a")).to_have_count(3)
    picture, title = (cards.nth(0).locator(f".{name}").bounding_box() for name in ("picture", "title"))
    assert picture["x"] + picture["width"] < title["x"]
    assert cards.nth(0).bounding_box()["y"] < cards.nth(1).bounding_box()["y"]
    assert cards.nth(0).bounding_box()["height"] == 64


def test_the_pages_own_template_is_filled_and_styled_by_the_page(foreign: ForeignPage):
    page = foreign.open(TEMPLATE, head="<style>.mine { color: rgb(1, 2, 3) }</style>")
    cards = page.locator("article.mine:not([inert])")
    expect(cards).to_have_count(4)
    said = cards.evaluate_all("""all => all.map((card) => [...card.querySelectorAll("[data-kindred]")]
        .filter((one) => !one.hidden && !one.matches("a, img, button")).map((one) => one.textContent))""")
    assert said == [
        ["B", "B", "€20.00", "€11.00", "1", "Similar to A"],
        ["C", "C", "€12.00", "2", "Similar to A"],
        ["D", "D", "€13.00", "3", "Similar to A"],
        ["E", "E", "€20.00", "€14.00", "Out of stock", "4", "Similar to A"],
    ]
    assert cards.nth(3).get_attribute("data-sold-out") == ""
    assert cards.nth(0).locator("a").get_attribute("href") == "https://shop.example/1"
    assert cards.nth(0).evaluate("card => getComputedStyle(card).color") == "rgb(1, 2, 3)"
    expect(page.get_by_role("heading", name="You may like")).to_be_visible()
    expect(page.get_by_text("Nothing like it")).not_to_be_visible()
    page.evaluate("addEventListener('kindred-cart', (event) => { window.bought = event.detail.sku; })")
    cards.nth(1).get_by_role("button", name="Add").click()
    assert page.evaluate("bought") == "C"


def test_the_slot_of_an_empty_list_is_shown_for_one(foreign: ForeignPage):
    page = foreign.open(TEMPLATE.replace("out_of_stock=mixed", "brand=None&fallback=false"))
    expect(page.get_by_text("Nothing like it")).to_be_visible()
    expect(page.locator("article.mine")).to_have_count(0)


def test_the_element_follows_its_attributes(foreign: ForeignPage):
    page = foreign.open('<kindred-similar sku="A" limit="2"></kindred-similar>')
    widget = page.locator("kindred-similar")
    heading = widget.locator("h2")
    expect(heading).to_have_text("Similar products")
    for name, value, text in (
        ("locale", "zh-Hans", "相似商品"), ("locale", "ja", "似ている商品"), ("locale", "fr-CA", "Produits similaires"),
        ("locale", "es", "Productos similares"), ("heading", "Mehr davon", "Mehr davon"),
    ):  # fmt: skip
        widget.evaluate("(widget, [name, value]) => widget.setAttribute(name, value)", [name, value])
        expect(heading).to_have_text(text)
    widget.evaluate("widget => { widget.setAttribute('locale', 'de'); widget.setAttribute('layout', 'carousel'); }")
    expect(widget.locator("section.carousel")).to_be_visible()
    expect(widget.locator(".price").first).to_have_text("11,00 € 20,00 €")
    widget.evaluate("widget => widget.setAttribute('theme', 'dark')")
    assert widget.evaluate("widget => getComputedStyle(widget).colorScheme") == "dark"


@pytest.fixture
def looks(monkeypatch) -> list[int]:
    """Pairs that were asked about: the worker has their words at the second look."""
    asked: list[int] = []
    shares = {"shares": {"text": 0.58, "image": 0.42}, "similarities": {"text": 0.41, "image": 0.44}}
    pair = PairExplanation(product_id=0, **shares, shared={"category": "Mugs", "style": "nordic"})

    def explain(anchor: int, other: int) -> Why:
        asked.append(other)
        is_pending = len(asked) < 2
        return Why(pair=pair, words=None if is_pending else {"mug": 1.0, "glazed": 0.3}, is_pending=is_pending)

    monkeypatch.setattr(explanations, "explain_pair", explain)
    return asked


def test_why_is_asked_for_when_somebody_wants_to_know(foreign: ForeignPage, looks):
    page = foreign.open('<kindred-similar sku="A" limit="2" why></kindred-similar>')
    button = page.get_by_role("button", name="Why? C")
    expect(button).to_be_visible()
    assert (len(foreign.asked), looks) == (1, [])
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Why?")
    expect(dialog).to_contain_text("Words that matter mug, glazed")
    assert [meter.get_attribute("value") for meter in dialog.locator("meter").all()] == ["58", "42"]
    expect(dialog).to_contain_text("Both have Mugs, nordic")
    assert [request.url for request in foreign.asked[1:]] == [f"{foreign.shop}/api/v1/products/A/similar/C/"] * 2
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    button.click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


@pytest.mark.parametrize("body", [CAROUSEL.replace("limit", "why limit"), TEMPLATE], ids=["own card", "template"])
def test_from_the_answer_the_keyboard_goes_on_behind_its_button(foreign: ForeignPage, looks, body):
    page = foreign.open(f'{body}<a href="#after">After</a>')
    page.get_by_role("button", name="Why?").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Why?")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    second = page.locator("kindred-similar [part=item] a[href], article:not([inert]) a[href]").nth(1)
    expect(second).to_be_focused()


def test_a_list_that_changes_while_it_has_the_focus_keeps_it(foreign: ForeignPage):
    page = foreign.open('<kindred-similar anchors="A" limit="3"></kindred-similar>')
    page.locator("kindred-similar a").nth(1).focus()
    for name, value, path in (("anchors", "A, B", "/3"), ("limit", "1", "/2")):
        before = page.evaluate("document.querySelector('kindred-similar').recommendations.recommendation_id")
        page.locator("kindred-similar").evaluate(
            "(list, [name, value]) => list.setAttribute(name, value)", [name, value]
        )
        changed = "(id) => document.querySelector('kindred-similar').recommendations.recommendation_id !== id"
        page.wait_for_function(changed, arg=before)
        assert focused(page) == path


def test_without_its_attribute_nobody_is_told_why(foreign: ForeignPage):
    page = foreign.open('<kindred-similar sku="A" limit="2"></kindred-similar>')
    expect(page.locator("kindred-similar a")).to_have_count(2)
    expect(page.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("kind", ["module", "classic"])
def test_the_strictest_policy_forbids_nothing_that_a_widget_does(foreign: ForeignPage, looks, kind):
    policy = (
        f"default-src 'none'; script-src {foreign.shop}; connect-src {foreign.shop}; img-src {foreign.shop}; "
        "style-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    page = foreign.open(
        f"{CAROUSEL}<br>{TEMPLATE}<kindred-similar sku='B' why></kindred-similar>", policy=policy, kind=kind
    )
    expect(page.locator("article.mine:not([inert])")).to_have_count(4)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Why? C").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("forbidden") == []
    assert page.locator("kindred-similar .list").nth(2).evaluate("list => getComputedStyle(list).display") == "grid"


@pytest.mark.parametrize("layout", ["grid", "carousel", "compact"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_a_list_loads(foreign: ForeignPage, layout, width):
    foreign.page.set_viewport_size({"width": width, "height": 844})
    body = f'<h1>A</h1><kindred-similar sku="A" limit="6" why layout="{layout}"></kindred-similar><p>Below.</p>{TALL}'
    page = foreign.open(body)
    expect(page.locator("kindred-similar a")).to_have_count(6)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("shift") < MAX_SHIFT
