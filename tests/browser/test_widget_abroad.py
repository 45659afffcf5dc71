"""The widget on a page of another origin, under what pages do to it: policies, styles, scripts, a shop that is away."""

from __future__ import annotations

import socket

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

pytestmark = pytest.mark.django_db(transaction=True)

SHOWN = 4
SNIPPET = f'sku="MUG-101" limit="{SHOWN}" params="variants=show"'
NEAREST = "/products/MUG-102/"
# What moved without anybody's doing, and what the page's policy forbade.
WATCH = """
  window.shifts = []; window.forbidden = [];
  const note = (entry) => entry.hadRecentInput || shifts.push(entry.value);
  new PerformanceObserver((seen) => seen.getEntries().forEach(note)).observe({ type: "layout-shift", buffered: true });
  document.addEventListener("securitypolicyviolation", (event) =>
    forbidden.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
SHIFTED = "shifts.reduce((sum, one) => sum + one, 0)"
MAX_SHIFT = 0.02


def write_page(shop: str, *, head: str = "", attributes: str = SNIPPET, after: str = "") -> str:
    """A product page as a shop writes it, with the snippet of docs/widget.md."""
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A mug</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">{head}
        <script type="module" async src="{shop}/widgets/kindred.js"></script></head><body>
        <h1>A mug</h1><p id="above">Above the row.</p>
        <kindred-similar {attributes} api="{shop}"></kindred-similar>
        <p id="below">Below the row.</p>{after}</body></html>"""


def strict_policy(shop: str) -> str:
    """Nothing but the shop's script, answers and pictures: no style, no nonce, no text that becomes code."""
    return (
        f"default-src 'none'; script-src {shop}; connect-src {shop}; img-src {shop}; style-src 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def links(page: Page):
    """The cards of products that have come; room that is kept for them has no links."""
    return page.locator("kindred-similar [part=item] a[href]")


@pytest.fixture
def visitor(page: Page) -> Page:
    page.add_init_script(WATCH)
    return page


@pytest.fixture
def said(visitor: Page) -> list[ConsoleMessage]:
    """What the console says, warnings and errors."""
    messages: list[ConsoleMessage] = []
    visitor.on("console", lambda message: messages.append(message) if message.type in ("error", "warning") else None)
    return messages


def test_on_a_site_that_is_allowed_the_list_comes_and_nothing_is_complained_of(mugs, other_site, visitor, said):
    visitor.goto(other_site.put(write_page(mugs)))
    expect(links(visitor)).to_have_count(SHOWN)
    assert links(visitor).first.get_attribute("href") == mugs + NEAREST
    assert [message.text for message in said] == []
    assert visitor.evaluate(SHIFTED) < MAX_SHIFT


def test_on_a_site_that_is_not_allowed_the_console_says_which_setting_lacks_which_origin(
    mugs, other_site, visitor, said, settings
):
    settings.CORS_ALLOWED_ORIGINS = []
    with visitor.expect_console_message(lambda message: "kindred-similar" in message.text) as complaint:
        visitor.goto(other_site.put(write_page(mugs)))
    assert mugs in complaint.value.text
    assert f"CORS_ALLOWED_ORIGINS={other_site.origin}" in complaint.value.text
    expect(links(visitor)).to_have_count(0)
    assert visitor.locator("#above, #below").all_inner_texts() == ["Above the row.", "Below the row."]
    visitor.set_viewport_size({"width": 1280, "height": 120})  # nobody looks at the row any more
    visitor.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    visitor.set_viewport_size({"width": 1280, "height": 900})
    assert visitor.evaluate(SHIFTED) < MAX_SHIFT


def test_the_strictest_policy_needs_three_lines_and_forbids_nothing_that_the_widget_does(
    mugs, other_site, visitor, said
):
    policy = strict_policy(mugs)
    visitor.goto(other_site.put(write_page(mugs), Content_Security_Policy=policy))
    expect(links(visitor)).to_have_count(SHOWN)
    assert visitor.evaluate("forbidden") == []
    assert [message.text for message in said] == []
    assert visitor.locator("kindred-similar [part=list]").evaluate("list => getComputedStyle(list).display") == "grid"


HOSTILE_STYLE = """<style>
  * { all: unset !important; font-size: 40px !important; line-height: 3 !important; float: left !important; }
  a, li, ul, img, h2 { display: inline !important; color: red !important; visibility: hidden; }
</style>"""


def test_styles_of_the_page_do_not_reach_into_the_cards(mugs, other_site, visitor):
    visitor.goto(other_site.put(write_page(mugs, head=HOSTILE_STYLE)))
    expect(links(visitor)).to_have_count(SHOWN)
    assert visitor.locator("kindred-similar [part=list]").evaluate("list => getComputedStyle(list).display") == "grid"
    assert links(visitor).first.evaluate("link => getComputedStyle(link).visibility") == "visible"
    box = visitor.locator("kindred-similar img").first.bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=1)


HOSTILE_SCRIPT = """<script>
  for (const one of [Object, Array, Function, String, Promise, Map, Set, Element, HTMLElement, Node, EventTarget])
    Object.freeze(one.prototype);
  Array.prototype.__proto__; window.fetchCount = 0;
  window.kindredForeign = 1;
</script>"""


def test_frozen_prototypes_do_not_keep_the_list_away(mugs, other_site, visitor):
    visitor.goto(other_site.put(write_page(mugs, head=HOSTILE_SCRIPT)))
    expect(links(visitor)).to_have_count(SHOWN)


OTHER_ELEMENT = """<script>
  customElements.define("kindred-similar", class extends HTMLElement { connectedCallback() { this.theirs = true; } });
</script>"""


def test_an_element_of_that_name_that_was_there_before_stays_and_the_console_says_so(mugs, other_site, visitor):
    with visitor.expect_console_message(lambda message: "kindred-similar" in message.text) as complaint:
        visitor.goto(other_site.put(write_page(mugs, head=OTHER_ELEMENT)))
    assert complaint.value.type in ("warning", "error")
    assert visitor.evaluate("document.querySelector('kindred-similar').theirs") is True


def test_two_copies_of_the_script_are_one_widget(mugs, other_site, visitor, said):
    with_both = write_page(
        mugs,
        head=f'<script async src="{mugs}/widgets/kindred.classic.js"></script>',
        after=f'<script type="module" src="{mugs}/widgets/kindred.js?again"></script>',
    )
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url) if "/api/v1/" in request.url else None)
    visitor.goto(other_site.put(with_both), wait_until="networkidle")
    expect(links(visitor)).to_have_count(SHOWN)
    assert len(asked) == 1
    assert [message.text for message in said] == []


def test_the_classic_script_shows_the_same_as_the_module(mugs, other_site, visitor):
    page = write_page(mugs).replace('type="module" async', "async").replace("kindred.js", "kindred.classic.js")
    visitor.goto(other_site.put(page))
    expect(links(visitor)).to_have_count(SHOWN)
    assert links(visitor).first.get_attribute("href") == mugs + NEAREST


def test_a_page_without_a_sku_keeps_no_room_and_the_console_says_where_one_was_looked_for(mugs, other_site, visitor):
    with visitor.expect_console_message(lambda message: "kindred-similar" in message.text) as complaint:
        visitor.goto(other_site.put(write_page(mugs, attributes="")))
    assert "sku" in complaint.value.text
    assert visitor.evaluate("document.querySelector('kindred-similar').offsetHeight") == 0
    assert visitor.evaluate(SHIFTED) < MAX_SHIFT


def test_a_product_that_the_shop_does_not_know_leaves_the_page_whole(mugs, other_site, visitor):
    with visitor.expect_console_message(lambda message: "kindred-similar" in message.text) as complaint:
        visitor.goto(other_site.put(write_page(mugs, attributes='sku="NOBODY"')))
    assert "NOBODY" in complaint.value.text
    assert visitor.locator("#below").is_visible()


def test_where_the_script_cannot_be_loaded_the_element_takes_no_room(other_site, page):
    page.goto(other_site.put(write_page("http://127.0.0.1:9")))  # nobody listens there
    assert page.evaluate("document.querySelector('kindred-similar').offsetHeight") == 0
    assert page.locator("#below").is_visible()


def test_where_the_shop_is_down_the_page_stands_and_nothing_moves(mugs, other_site, visitor):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
    page = write_page(mugs).replace(f'api="{mugs}"', f'api="{nobody}"')
    with visitor.expect_console_message(lambda message: "kindred-similar" in message.text) as complaint:
        visitor.goto(other_site.put(page))
    assert nobody in complaint.value.text
    assert visitor.locator("#below").is_visible()
    assert visitor.evaluate(SHIFTED) < MAX_SHIFT


def test_where_the_shop_never_answers_the_page_has_loaded_and_can_be_used(mugs, other_site, visitor):
    other_site.hang.add("/api/")
    page = write_page(mugs, after="<button onclick=\"this.textContent = 'Bought'\">Buy</button>")
    visitor.goto(other_site.put(page.replace(f'api="{mugs}"', f'api="{other_site.origin}"')), wait_until="load")
    visitor.get_by_role("button", name="Buy").click()
    expect(visitor.get_by_role("button", name="Bought")).to_be_visible()
    expect(visitor.locator("kindred-similar [aria-busy=true]")).to_be_visible()
    assert visitor.locator("kindred-similar .list").evaluate("list => list.inert")  # nothing of it can be pressed yet
    assert visitor.evaluate(SHIFTED) < MAX_SHIFT


def test_where_the_script_never_comes_the_page_is_painted_and_can_be_used(mugs, other_site, visitor):
    other_site.hang.add("/widgets/")
    page = write_page(mugs, after="<button onclick=\"this.textContent = 'Bought'\">Buy</button>")
    address = other_site.put(page.replace(f"{mugs}/widgets", f"{other_site.origin}/widgets"))
    visitor.goto(address, wait_until="domcontentloaded")
    visitor.get_by_role("button", name="Buy").click()
    expect(visitor.get_by_role("button", name="Bought")).to_be_visible()
    visitor.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    assert visitor.evaluate("document.querySelector('kindred-similar').offsetHeight") == 0
