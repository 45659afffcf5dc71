"""What the widgets of a page ask for, and when: once for all of them, and not before they come near."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.foreign_page import TALL, ForeignPage

pytestmark = pytest.mark.django_db(transaction=True)
HIDE_TAB = """
Object.defineProperty(document, "visibilityState", { get: () => window.tab ?? "hidden", configurable: true });
window.showTab = () => { window.tab = "visible"; document.dispatchEvent(new Event("visibilitychange")); };
"""


def test_widgets_that_come_near_together_share_one_request(foreign: ForeignPage):
    page = foreign.open("""
        <kindred-similar sku="A" limit="2" params="in_stock=true&price_max=14"></kindred-similar>
        <kindred-similar anchors="A, B" limit="3" placement="basket" layout="carousel"></kindred-similar>
        <kindred-similar strategy="recent" limit="1" layout="compact"></kindred-similar>
        <kindred-similar sku="NONE" limit="4"></kindred-similar>""")
    widgets = page.locator("kindred-similar")
    for place, count in enumerate((2, 3, 1, 0)):
        expect(widgets.nth(place).locator("a")).to_have_count(count)
    [asked] = foreign.asked
    assert asked.url.startswith(f"{foreign.shop}/api/v1/recommendations/?placement=")
    names = widgets.nth(0).locator("a").evaluate_all("links => links.map((link) => link.pathname)")
    assert names == ["/1", "/2"]  # both in stock, at 14 at most
    anchors = [
        page.evaluate(f"document.querySelectorAll('kindred-similar')[{n}].recommendations?.anchors") for n in (1, 2)
    ]
    assert anchors == [["A", "B"], []]


def test_a_parameter_that_there_is_not_is_named_and_costs_only_its_own_list(foreign: ForeignPage):
    said: list[str] = []
    foreign.page.on("console", lambda message: said.append(message.text))
    page = foreign.open("""
        <kindred-similar sku="A" limit="2"></kindred-similar>
        <kindred-similar sku="B" params="zzz=red"></kindred-similar>
        <kindred-similar sku="C" strategy="magic"></kindred-similar>""")
    expect(page.locator("kindred-similar a")).to_have_count(2)
    assert len(foreign.asked) == 1
    assert [text.partition(" Known:")[0] for text in said] == [
        f'<kindred-similar sku="{sku}">: The shop answered 400: Some values are not valid: see errors. {field}: {wrong}'
        for sku, field, wrong in (("B", "zzz", "Unknown parameter."), ("C", "strategy", "Unknown: magic."))
    ]


def test_a_card_has_what_it_shows_whatever_fields_are_asked_for(foreign: ForeignPage):
    page = foreign.open('<kindred-similar sku="A" limit="1" params="fields=sku,title"></kindred-similar>')
    expect(page.locator("kindred-similar a")).to_have_attribute("href", "https://shop.example/1")
    expect(page.locator("kindred-similar .badge")).to_have_count(0)


@pytest.mark.parametrize("answer", ['{"hello": 1}', "<html>", "null", "[]"])
def test_what_is_no_kindred_server_is_told_from_one_that_does_not_allow_the_page(foreign: ForeignPage, answer):
    headers = {"Access-Control-Allow-Origin": "*"}
    foreign.page.route("**/api/v1/**", lambda route: route.fulfill(body=answer, headers=headers))
    with foreign.page.expect_console_message(lambda message: "kindred" in message.text) as said:
        foreign.open('<kindred-similar sku="A"></kindred-similar>')
    assert said.value.text == '<kindred-similar sku="A">: what answers there is no Kindred server'


@pytest.mark.parametrize(
    ("locale", "sent"),
    [("de_AT.UTF-8", "de-AT"), ("zh_hans", "zh-Hans"), ("日本", "en"), ("en;q=0.5, de", "en"), ("*", "en")],
)
def test_what_is_no_language_is_asked_for_in_that_of_the_page(foreign: ForeignPage, locale, sent):
    page = foreign.open(f'<kindred-similar sku="A" limit="1" locale="{locale}"></kindred-similar>')
    expect(page.locator("kindred-similar a")).to_have_count(1)
    assert foreign.asked[0].headers["accept-language"] == sent
    assert "EUR" not in page.locator("kindred-similar .price").inner_text()


def test_an_answer_is_kept_and_compared_by_its_etag(foreign: ForeignPage):
    body = '<kindred-similar sku="A" limit="2"></kindred-similar><kindred-similar sku="B" limit="2"></kindred-similar>'
    page = foreign.open(body)
    expect(page.locator("kindred-similar a")).to_have_count(4)
    answer = foreign.asked[0].response()
    assert answer.headers["cache-control"] == "public, max-age=30"
    again = page.request.get(answer.url, headers={**foreign.asked[0].headers, "If-None-Match": answer.headers["etag"]})
    assert again.status == 304


def test_no_cookie_and_no_key_that_was_not_given_is_sent(foreign: ForeignPage):
    foreign.page.context.add_cookies([{"name": "sessionid", "value": "x" * 32, "url": foreign.shop}])
    page = foreign.open('<kindred-similar sku="A" limit="2" locale="de-AT"></kindred-similar>')
    expect(page.locator("kindred-similar h2")).to_have_text("Ähnliche Produkte")
    headers = foreign.asked[0].all_headers()
    assert [headers.get(name) for name in ("cookie", "x-api-key", "accept-language")] == [None, None, "de-AT"]


def test_what_is_far_down_is_asked_for_when_it_comes_near(foreign: ForeignPage):
    page = foreign.open(f'{TALL}<kindred-similar sku="A" limit="2"></kindred-similar>')
    assert foreign.asked == []
    expect(page.locator("kindred-similar li")).to_have_count(2)  # its room is kept
    with page.expect_response("**/products/A/similar/**"):
        page.evaluate("scrollTo(0, 1800)")  # of 3,000, in a window of 900
    assert len(foreign.asked) == 1


@pytest.mark.parametrize(
    ("before", "after", "show"),
    [
        ('<div id="box" style="display: none">', "</div>", "document.getElementById('box').style.display = 'block'"),
        (
            '<div id="box" style="visibility: hidden">',
            "</div>",
            "document.getElementById('box').style.visibility = ''",
        ),
        ('<details id="box"><summary>More</summary>', "</details>", "document.getElementById('box').open = true"),
    ],
    ids=["display: none", "visibility: hidden", "closed details"],
)
def test_what_is_hidden_asks_for_nothing_until_it_is_shown(foreign: ForeignPage, before, after, show):
    page = foreign.open(f'{before}<kindred-similar sku="A" limit="2"></kindred-similar>{after}')
    assert foreign.asked == []
    page.evaluate(show)
    expect(page.locator("kindred-similar a")).to_have_count(2)
    assert len(foreign.asked) == 1


def test_a_tab_in_the_background_asks_for_nothing_until_it_comes_to_the_front(foreign: ForeignPage):
    page = foreign.open('<kindred-similar sku="A" limit="2"></kindred-similar>', script=HIDE_TAB)
    assert foreign.asked == []
    page.evaluate("showTab()")
    expect(page.locator("kindred-similar a")).to_have_count(2)
    assert len(foreign.asked) == 1


def test_a_key_goes_along(foreign: ForeignPage, settings):
    from api.models import ApiKey

    settings.KINDRED_API_PUBLIC_READ = False
    _, token = ApiKey.objects.issue("page", scope="publishable")
    page = foreign.open(f'<kindred-similar sku="A" limit="2" key="{token}"></kindred-similar>')
    expect(page.locator("kindred-similar a")).to_have_count(2)
    assert page.locator("kindred-similar").evaluate("widget => widget.recommendations.results.length") == 2


def test_a_cart_too_long_for_an_address_is_asked_for_by_what_was_put_in_last(foreign: ForeignPage):
    skus = [f"{'long-sku-' * 9}{number:02d}" for number in range(60)]
    page = foreign.open(f'<kindred-similar anchors="{", ".join([*skus, "A", "B"])}" limit="2"></kindred-similar>')
    expect(page.locator("kindred-similar a")).to_have_count(2)
    assert len(foreign.asked[0].url) < 3100
    assert page.locator("kindred-similar").evaluate("widget => widget.recommendations.anchors") == ["A", "B"]


def test_a_list_for_the_visitor_is_posted_with_what_this_visit_saw_and_only_with_consent(foreign: ForeignPage):
    list_for_visitor = '<kindred-similar strategy="personal" limit="2" params="in_stock=true"></kindred-similar>'
    page = foreign.open(list_for_visitor)
    expect(page.locator("kindred-similar a")).to_have_count(2)
    [asked] = foreign.asked
    assert (asked.method, "strategy%3Dpopular" in asked.url, "recent" in asked.url) == ("GET", True, False)
    foreign.open('<kindred-similar sku="A" limit="1" consent="granted"></kindred-similar>')
    expect(page.locator("kindred-similar a")).to_have_count(1)
    foreign.open(list_for_visitor.replace(" limit", ' consent="granted" limit'))
    expect(page.locator("kindred-similar a")).to_have_count(2)
    asked = foreign.asked[-1]
    assert (asked.method, asked.url) == ("POST", f"{foreign.shop}/api/v1/recommendations/")
    [placement] = asked.post_data_json["placements"]
    session = placement.pop("session_id")
    assert len(session) == 32
    assert placement == {
        "id": "personal", "strategy": "personal", "limit": 2, "placement": "widget", "recent": ["A"],
        "filters": {"in_stock": "true"},
    }  # fmt: skip
    assert page.evaluate("document.querySelector('kindred-similar').recommendations.strategy") == "personal"
