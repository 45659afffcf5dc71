"""Golden pairs by key: from the front of the admin to the first answer with one click, and on without a page load."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from recommendations.models import GoldenJudgement
from tests.browser.accessibility import find_grave
from tests.browser.test_admin import log_in
from tests.recommendations.golden_rows import judge
from tests.recommendations.shelf import at_angle, embed, make_space, put


def fill_shelf(count: int = 16) -> None:
    """Products in a live space at 5 degrees from one to the next, by picture in another order."""
    live = make_space()
    for number in range(count):
        fields = {"brand": "Nordlyn", "attributes": {"colour": ["sage", "sand"][number % 2]}}
        product = put(live, f"P{number:02}", at_angle(5 * number), modalities=(FUSED, TEXT), **fields)
        embed(live, product, at_angle(5 * ((number * 7) % count)), modality=IMAGE)


def read_pair(page: Page) -> list[str]:
    return page.locator(".golden-side .desk-quiet").all_inner_texts()


def grades() -> list[int | None]:
    return list(GoldenJudgement.objects.order_by("judged_at").values_list("grade", flat=True))


def test_pairs_are_judged_with_one_click_and_a_key_each(live_server, page: Page):
    fill_shelf()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/")
    loads: list[str] = []
    page.get_by_role("link", name="Golden pairs", exact=True).first.click()  # the only one
    page.wait_for_url("**/golden-pairs/**", wait_until="load")  # with its script, which hears the keys
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    seen = [read_pair(page)]
    for key, said in (
        ("1", "You said “Similar” of"),
        ("m", "You said “Somewhat similar” of"),
        ("3", "“Not similar”"),
        (" ", "Passed over"),
    ):
        page.keyboard.press(key)
        expect(page.locator(".golden-foot")).to_contain_text(said)
        seen.append(read_pair(page))
    assert grades() == [2, 1, 0, None]
    assert len({tuple(sorted(pair)) for pair in seen}) == 5
    assert loads == []

    page.keyboard.press("z")
    side = page.locator(".golden-side .desk-quiet").first  # the pair is back; which of the two is left is drawn anew
    expect(side).to_have_text(re.compile("|".join(seen[3])))
    assert sorted(read_pair(page)) == sorted(seen[3])
    assert grades() == [2, 1, 0]
    expect(page.get_by_text("Judged by you: 3 (3 today)")).to_be_visible()


def test_keys_are_left_alone_where_somebody_types_or_presses_a_button(live_server, page: Page):
    fill_shelf()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/golden-pairs/")
    page.get_by_label("Filter navigation items").press_sequentially("smn1")
    page.get_by_role("button", name="Somewhat similar").focus()
    page.keyboard.press(" ")  # presses the button rather than passing the pair over
    expect(page.locator(".golden-foot")).to_contain_text("You said “Somewhat similar” of")
    assert grades() == [1]
    expect(page.get_by_role("button", name="Somewhat similar")).to_be_focused()


def test_an_answer_that_fails_is_said_and_can_be_given_again(live_server, page: Page):
    fill_shelf()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/golden-pairs/")
    page.route("**/golden-pairs/answer/", lambda route: route.abort())
    page.keyboard.press("1")
    expect(page.get_by_role("alert")).to_have_text("That did not work: try again, or load the page again.")
    page.unroute("**/golden-pairs/answer/")
    page.keyboard.press("1")
    expect(page.locator(".golden-foot")).to_contain_text("You said “Similar” of")
    expect(page.get_by_role("alert")).to_be_hidden()
    assert grades() == [2]


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_the_pages_can_be_read_and_used_by_everybody(live_server, page: Page, theme, width):
    fill_shelf()
    names = [product.sku for product in Product.objects.order_by("sku")]
    for number in range(1, 12):
        judge(names[0], names[number], min(2, number // 4), max(0, 2 - number // 3))
    log_in(page, live_server.url)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})
    for address in ("/admin/golden-pairs/", "/admin/golden-pairs/agreement/"):
        page.goto(live_server.url + address)
        if address.endswith("pairs/"):
            page.keyboard.press("1")
            expect(page.locator(".golden-foot")).to_contain_text("You said “Similar” of")
        assert find_grave(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
