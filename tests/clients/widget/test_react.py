"""The React wrapper under React from the registry, 18 and 19: in Chromium in StrictMode, and rendered by a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.other_site import OtherSite
from tests.clients.widget.conftest import REACT_18, run_node

APP = Path(__file__).parent / "app.jsx"
ON_A_SERVER = """
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { KindredSimilar } from "kindred-widget/react";
const props = { api: "https://kindred.shop.example", sku: "MUG-101", skuFrom: "[data-sku]", anchors: ["A,1", "B"],
  limit: 4, why: true, noView: false, apiKey: "pk", className: "row", onClick() {}, renderItem: () => "never" };
console.log(renderToString(createElement(KindredSimilar, props, createElement("p", { slot: "empty" }, "Nothing"))));
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["18", "19"])
def shop(request, install, tools, make_shop) -> Path:
    """A project with the package and one React."""
    return make_shop(install(REACT_18), tools) if request.param == "18" else make_shop(tools)


@pytest.fixture
def open_app(shop, tools, other_site: OtherSite, mugs, page: Page) -> Callable[[], None]:
    """A function that bundles the page of app.jsx and opens it."""

    def open_app() -> None:
        (shop / "app.jsx").write_text(APP.read_text())
        esbuild = [tools / ".bin" / "esbuild", "app.jsx", "--bundle", "--splitting", "--format=esm", "--outdir=out"]
        run_node(*esbuild, "--jsx=automatic", '--define:process.env.NODE_ENV="development"', cwd=shop)
        for script in (shop / "out").iterdir():
            other_site.put(script.read_text(), path=f"/{script.name}", kind="text/javascript")
        page.goto(other_site.put(
            f'<!doctype html><html lang="en"><title>Shop</title><div id="root"></div>'
            f'<script>window.API = "{mugs}"</script><script type="module" src="/app.js"></script></html>'
        ))  # fmt: skip

    return open_app


def test_the_list_follows_the_props_and_the_events_come_as_props(open_app, page, mugs):
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    open_app()
    links = page.locator("#own [part=item] a[href]")
    expect(links).to_have_count(3)
    expect(page.locator("#own")).to_have_attribute("placement", "react")
    assert page.locator("#own").evaluate("own => [own.className, own.dataset.test]") == ["row", "one"]
    assert page.evaluate("own === document.querySelector('#own') && own.recommendations.anchors[0]") == "MUG-101"
    page.evaluate("document.querySelector('#own').addEventListener('click', (event) => event.preventDefault())")
    links.first.click()
    page.evaluate("setSku('MUG-105')")
    expect(links.first).not_to_have_attribute("href", f"{mugs}/products/MUG-102/")
    page.wait_for_function("heard.filter(([name]) => name === 'drawn').length >= 2")
    heard = [entry for entry in page.evaluate("heard") if entry[0] != "drawn"]
    assert heard == [["loaded", "MUG-101", 3], ["click", "MUG-101", "MUG-102"], ["loaded", "MUG-105", 3]]
    assert problems == []


def test_cards_that_the_page_draws_stand_in_the_page_and_are_clicked_like_the_others(open_app, page):
    open_app()
    drawn = page.locator("#drawn a.drawn")
    expect(drawn).to_have_count(2)
    titles = page.evaluate("document.querySelector('#drawn').recommendations.results.map((one) => one.title)")
    assert drawn.all_inner_texts() == [title.upper() for title in titles]
    assert drawn.first.is_visible()
    expect(page.get_by_role("heading", name="Drawn by the page")).to_be_visible()
    page.evaluate("""() => {
      const drawn = document.querySelector("#drawn");
      drawn.addEventListener("kindred-click", ({ detail }) => (window.clicked = detail.sku));
      drawn.addEventListener("click", (event) => event.preventDefault());
    }""")
    drawn.nth(1).click()
    assert page.evaluate("clicked") == page.evaluate("document.querySelector('#drawn').recommendations.results[1].sku")


def test_what_is_unmounted_asks_and_says_nothing_more(open_app, page):
    open_app()
    expect(page.locator("#own [part=item] a[href]")).to_have_count(3)
    expect(page.locator("#drawn a.drawn")).to_have_count(2)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("heard.length = 0; setShown(false)")
    expect(page.locator("kindred-similar")).to_have_count(0)
    page.evaluate("setShown(true)")
    expect(page.locator("#own [part=item] a[href]")).to_have_count(3)
    page.wait_for_function("heard.length === 2")
    assert sorted(entry[0] for entry in page.evaluate("heard")) == ["drawn", "loaded"]
    assert len([url for url in asked if "/api/v1/" in url]) <= 1  # both in one, or kept


def test_a_server_renders_the_empty_element_with_its_attributes(shop):
    (shop / "server.mjs").write_text(ON_A_SERVER)
    html = run_node("node", "server.mjs", cwd=shop).strip().lower()
    assert html == (
        '<kindred-similar api="https://kindred.shop.example" sku="mug-101" sku-from="[data-sku]" '
        'anchors="[&quot;a,1&quot;,&quot;b&quot;]" limit="4" why="" key="pk" class="row">'
        '<p slot="empty">nothing</p></kindred-similar>'
    )
