"""Which product the widget's page is about: said to it, or found in the page."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.foreign_page import ForeignPage

pytestmark = pytest.mark.django_db(transaction=True)


def json_ld(*values: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(value)}</script>' for value in values)


PRODUCT = {"@context": "https://schema.org", "@type": "Product"}
WIDGET = '<kindred-similar limit="2"></kindred-similar>'
VARIANTS = {
    "@type": "ProductGroup",
    "hasVariant": [
        {"@type": "Product", "sku": "X", "url": "http://[broken"},
        {"@type": "Product", "sku": "X", "url": "/elsewhere/?size=1"},
        {"@type": "Product", "sku": "B", "offers": [{"url": "/elsewhere/?size=2"}]},
    ],
}
GROUP = {
    "@type": "ProductGroup", "productGroupID": "G",
    "hasVariant": [{"@type": "Product", "sku": "X"}, {"@type": "Product", "sku": "B", "url": "/elsewhere/"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", '<kindred-similar sku="B" limit="2"></kindred-similar>'),
        ("", '<kindred-similar sku=" B " limit="2"></kindred-similar>'),
        ("", '<i data-sku=" B ">x</i><kindred-similar sku-from="[data-sku]" limit="2"></kindred-similar>'),
        ("", '<i class="sku">B</i><kindred-similar sku-from=".sku" limit="2"></kindred-similar>'),
        ("", '<input id="v" value="B"><kindred-similar sku-from="#v" limit="2"></kindred-similar>'),
        (json_ld({"@type": "Organization"}, {**PRODUCT, "sku": "B"}), WIDGET),
        (json_ld([{"@type": "WebPage"}, {**PRODUCT, "mpn": "B"}]), WIDGET),
        (json_ld({"@graph": [{"@type": ["Thing", "Product"], "productID": "sku:B"}]}), WIDGET),
        (json_ld({"@type": "ItemPage", "mainEntity": {"@type": "http://schema.org/Product", "sku": "B"}}), WIDGET),
        (json_ld(GROUP), WIDGET),
        (json_ld({**PRODUCT, "offers": [{"sku": "B"}]}), WIDGET),
        ('<script type="application/ld+json">{ broken</script>' + json_ld({**PRODUCT, "sku": "B"}), WIDGET),
        ('<meta property="product:retailer_item_id" content="B">', WIDGET),
        ("", f'<div itemscope><b itemprop="sku">B</b></div>{WIDGET}'),
        ("", f"{WIDGET}{json_ld({**PRODUCT, 'sku': 'B'})}"),  # below the widget
        (json_ld({"@type": "ItemList", "itemListElement": [{**PRODUCT, "sku": "X"}]}, {**PRODUCT, "sku": "B"}), WIDGET),
    ],
)
def test_the_sku_is_found(foreign: ForeignPage, head, body):
    page = foreign.open(body, head=head)
    expect(page.locator("kindred-similar a")).to_have_count(2)
    [asked] = foreign.asked
    assert asked.url.startswith(f"{foreign.shop}/api/v1/products/B/similar/?")


def test_the_variant_is_found_whatever_else_the_visitor_came_by(foreign: ForeignPage):
    foreign.open(WIDGET, head=json_ld(VARIANTS), query="?utm_source=mail&size=2#reviews")
    [asked] = foreign.asked
    assert asked.url.startswith(f"{foreign.shop}/api/v1/products/B/similar/?")


def test_a_classic_script_waits_for_what_the_page_says_further_down(foreign: ForeignPage):
    classic = f'<script src="{foreign.shop}/widgets/kindred.classic.js"></script>'
    page = foreign.open(f"{WIDGET}{json_ld({**PRODUCT, 'sku': 'B'})}", head=classic, kind="none")
    expect(page.locator("kindred-similar a")).to_have_count(2)
    assert [request.url.split("?")[0] for request in foreign.asked] == [f"{foreign.shop}/api/v1/products/B/similar/"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (WIDGET, 'no sku. Say sku="...", or sku-from="[data-sku]", or have the page say it: JSON-LD (Product, sku), '
                 '<meta property="product:retailer_item_id">'),
        ('<kindred-similar sku-from="#none"></kindred-similar>', 'sku-from="#none" finds no SKU on this page'),
        ('<kindred-similar sku-from="[["></kindred-similar>',
         'sku-from="[[" is not a selector such as [data-sku] or #sku'),
        ('<kindred-similar anchors=""></kindred-similar>', "anchors names no product, so there is nothing to show yet"),
    ],
)  # fmt: skip
def test_the_console_says_what_is_missing(foreign: ForeignPage, body, said):
    with foreign.page.expect_console_message(lambda message: "kindred" in message.text) as message:
        foreign.open(body)
    assert (message.value.type, message.value.text) == ("warning", f"<kindred-similar>: {said}")
    assert foreign.asked == []
    assert foreign.page.evaluate("document.querySelector('kindred-similar').offsetHeight") == 0


def test_a_page_that_comes_to_be_about_another_product_is_followed(foreign: ForeignPage):
    page = foreign.open('<i data-sku="B"></i><kindred-similar sku-from="[data-sku]" limit="2"></kindred-similar>')
    expect(page.locator("kindred-similar a")).to_have_count(2)
    with page.expect_response("**/products/C/similar/**"):
        page.evaluate("""() => {
            document.querySelector("[data-sku]").dataset.sku = "C";
            document.querySelector("kindred-similar").refresh();
        }""")
    with page.expect_response("**/products/D/similar/**limit=3**"):  # two attributes are one request
        page.evaluate("""() => {
            const widget = document.querySelector("kindred-similar");
            widget.setAttribute("sku", "D");
            widget.setAttribute("limit", "3");
        }""")
    expect(page.locator("kindred-similar a")).to_have_count(3)
    assert len(foreign.asked) == 3
