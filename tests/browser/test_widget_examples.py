"""The page of examples in a browser: each list comes, under the policy of Kindred's pages, on a phone too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from recommendations.widget_examples import EXAMPLES
from tests.browser.test_widget_abroad import WATCH
from tests.browser.test_widget_screens import keep_picture

pytestmark = pytest.mark.django_db(transaction=True)

# The widget gives up after 10 s, for good, and this machine may be busier than a shop's.
PATIENT = "const wait = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = (ms) => wait(3 * ms);"


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900)], ids=["phone", "desktop"])
def test_every_example_shows_a_list_and_the_page_fits(mugs, page: Page, width, height):
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.add_init_script(WATCH + PATIENT)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{mugs}/widgets/examples/?sku=MUG-101")
    for example in EXAMPLES:
        section = page.locator(f"section[aria-labelledby={example.name}]")
        section.scroll_into_view_if_needed()
        expect(section.locator("kindred-similar a[href]").first).to_be_visible()
    expect(page.get_by_text("There is no other that is just the same.", exact=True)).to_be_visible()
    keep_picture(page, f"examples-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("forbidden") == []
    assert said == []
