"""What counts as seen, opened or agreed to, where a page is not as simple as it looks; and what never does."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from behaviour.events.event import Event
from tests.browser.foreign_page import TALL, ForeignPage
from tests.browser.test_widget_events import ARRIVAL_S, GRANTED, SILENT, WATCHED, stop_clock
from tests.browser.test_widget_requests import HIDE_TAB

pytestmark = pytest.mark.django_db(transaction=True)
UNDECIDED = "window.kindred = { consent: () => new Promise((decide) => (window.asked ??= []).push(decide)) };"


def collect(page: Page, *, least: int = 0) -> list[tuple[str, str]]:
    """Return types and SKUs of what was told until now: what follows it in the queue has arrived.

    Batches may overtake one another: where there are several, `least` says for how many events to wait.
    """
    page.evaluate("kindred.grant(); kindred.track('view', 'LAST'); kindred.flush()")
    deadline = time.monotonic() + ARRIVAL_S
    while not Event.objects.filter(sku="LAST").exists() or Event.objects.count() <= least:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return [(event.type, event.sku) for event in Event.objects.exclude(sku="LAST").order_by("id")]


@pytest.mark.parametrize("style", ["visibility: hidden", "opacity: 0", "clip-path: inset(100%)"])
def test_what_nobody_can_see_is_no_impression_until_it_is_shown(foreign: ForeignPage, style):
    stop_clock(foreign.page)
    page = foreign.open(f"{GRANTED.replace('limit', 'no-view limit')}{TALL}")
    expect(page.locator("kindred-similar a")).to_have_count(3)
    page.evaluate(f"document.querySelector('kindred-similar').style = '{style}'")
    page.evaluate(WATCHED)
    page.clock.run_for(5000)
    page.evaluate("kindred.flush()")
    assert foreign.sent == []
    page.evaluate("document.querySelector('kindred-similar').style = ''")
    page.evaluate(WATCHED)
    page.clock.run_for(2500)
    assert collect(page) == [("impression", "B"), ("impression", "C"), ("impression", "D")]


def test_the_view_of_a_page_that_is_not_in_view_waits_until_it_is(foreign: ForeignPage):
    page = foreign.open(GRANTED, script=HIDE_TAB)
    page.evaluate("kindred.flush()")
    assert foreign.sent == []
    page.evaluate("showTab()")
    assert collect(page) == [("view", "A")]


def test_a_visitor_whose_clock_is_wrong_is_counted_at_the_time_of_the_shop(foreign: ForeignPage):
    foreign.page.clock.install(time=datetime.now(UTC) + timedelta(days=2))
    assert collect(foreign.open(GRANTED)) == [("view", "A")]
    assert Event.objects.filter(occurred_at__gt=datetime.now(UTC) + timedelta(minutes=1)).count() == 0


def test_a_page_may_set_its_function_before_the_script_or_after_it(foreign: ForeignPage):
    page = foreign.open(SILENT)
    page.evaluate("window.mine = window.kindred; window.kindred = { consent: () => true, api: kindred.api }")
    assert page.evaluate("[kindred.granted, kindred === mine, typeof kindred.track]") == [True, True, "function"]
    page.evaluate("kindred.withdraw(); window.kindred = window.kindred || {}; window.kindred = { ...window.kindred }")
    assert page.evaluate("kindred.granted") is False  # nothing new was said
    page.evaluate("kindred.consent = () => true; kindred.track('purchase', 'B')")
    assert collect(page) == [("purchase", "B")]


@pytest.mark.parametrize(
    "clobber",
    [
        '<form id="kindred"><input name="version"></form>',
        '<form id="kindred"><input name="consent" value="granted"><input name="api" value="https://evil.example"></form>',
    ],
)
def test_an_element_of_the_name_is_not_taken_for_what_the_page_has_set(foreign: ForeignPage, clobber):
    page = foreign.open(clobber + SILENT)
    expect(page.locator("kindred-similar a")).to_have_count(3)
    assert page.evaluate("[kindred.granted, kindred.version, kindred.api ?? null]") == [False, 1, None]
    assert collect(page) == [("view", "A")]


def test_all_that_waits_for_an_answer_is_told_once_it_is_yes(foreign: ForeignPage):
    stop_clock(foreign.page)
    page = foreign.open(SILENT, script=UNDECIDED)
    page.evaluate(
        "for (let n = 1; n <= 45; n += 1) kindred.track('purchase', `S${n}`); asked.forEach((say) => say(true))"
    )
    assert Counter(kind for kind, _sku in collect(page, least=46)) == {"view": 1, "purchase": 45}


@pytest.mark.parametrize("no", ["kindred.withdraw()", "kindred.consent = false"])
def test_an_answer_that_comes_after_a_no_brings_nothing_back(foreign: ForeignPage, no):
    stop_clock(foreign.page)
    page = foreign.open(SILENT.replace("limit", "no-view limit"), script=UNDECIDED)
    page.evaluate(f"kindred.track('purchase', 'OLD'); {no}; asked.forEach((say) => say(true))")
    assert page.evaluate("[kindred.granted, sessionStorage.length]") == [False, 0]
    assert collect(page) == []


def test_an_answer_to_a_function_that_was_replaced_counts_no_more(foreign: ForeignPage):
    page = foreign.open(SILENT, script=UNDECIDED)
    page.evaluate("const [first] = asked; kindred.consent = () => new Promise(() => {}); first(true)")
    assert page.evaluate("kindred.granted") is False


@pytest.mark.parametrize("what", ["null", "undefined", "{}", "''", "[null]"])
def test_a_call_that_names_nothing_leaves_the_checkout_alone_and_the_console_says_so(foreign: ForeignPage, what):
    page = foreign.open(GRANTED.replace("limit", "no-view limit"))
    with page.expect_console_message() as said:
        page.evaluate(f"kindred.track('purchase', {what})")
    assert said.value.text.startswith('<kindred-similar>: kindred.track("purchase") names no SKU or event')
    with page.expect_console_message():
        page.evaluate("kindred.track('sale', 'A')")
    page.evaluate("kindred.track('purchase', [7, { sku: 8, quantity: 2 }])")
    assert collect(page) == [("purchase", "7"), ("purchase", "8")]


def test_a_secret_key_is_sent_nowhere_and_the_console_says_what_to_do(foreign: ForeignPage):
    asked: list[str] = []
    foreign.page.on("request", lambda request: asked.append(request.url + str(request.headers)))
    with foreign.page.expect_console_message(lambda message: "secret" in message.text) as said:
        page = foreign.open('<kindred-similar sku="A" key="kindred_sk_x" consent="granted"></kindred-similar>')
    assert said.value.text.endswith("everybody can read the secret key on this page: revoke it")
    page.evaluate("document.querySelector('kindred-similar').addToCart('B'); kindred.track('purchase', 'B')")
    page.evaluate("kindred.key = 'kindred_sk_y'; kindred.track('purchase', 'B'); kindred.flush()")
    assert [one for one in asked if "kindred_sk_" in one] == []


CARD = """<template><article>
  <a data-kindred="link"><b data-kindred="title"></b> <i role="button" tabindex="0" data-kindred="cart">Add</i></a>
  <a class="wish" href="#wish">Remember</a> <label>How many <input value="12"></label>
</article></template>"""


def test_only_the_link_of_a_card_opens_the_product(foreign: ForeignPage):
    page = foreign.open(GRANTED.replace("limit", "no-view limit").replace("></kindred", f">{CARD}</kindred"))
    cards = page.locator("article:not([inert])")
    cards.nth(0).locator("i").click()
    cards.nth(0).locator(".wish").click()
    cards.nth(0).locator("input").click()
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    cards.nth(1).locator("b").click()
    told = [event for event in collect(page) if event[0] != "impression"]  # where clicking has taken a second
    assert told == [("add_to_cart", "B"), ("click", "C")]


def test_the_fields_of_a_card_keep_their_keys_in_a_carousel(foreign: ForeignPage):
    page = foreign.open(f'<kindred-similar sku="A" limit="3" layout="carousel">{CARD}</kindred-similar>')
    field = page.locator("article:not([inert]) input").nth(1)
    field.focus()
    for key in ("Home", "ArrowRight", "x", "End", "ArrowLeft", "y"):
        page.keyboard.press(key)
    assert field.input_value() == "1xy2"
    expect(field).to_be_focused()
    page.locator("article:not([inert]) a[data-kindred]").nth(1).focus()
    page.keyboard.press("Home")
    expect(page.locator("article:not([inert]) a[data-kindred]").nth(0)).to_be_focused()


def test_the_slides_of_a_carousel_that_are_out_of_view_are_not_seen(foreign: ForeignPage):
    stop_clock(foreign.page)
    foreign.page.set_viewport_size({"width": 390, "height": 844})
    page = foreign.open(GRANTED.replace('limit="3"', 'no-view limit="8" layout="carousel"'))
    expect(page.locator("kindred-similar a")).to_have_count(8)
    page.evaluate(WATCHED)
    page.clock.run_for(1500)
    page.evaluate("document.querySelector('kindred-similar').shadowRoot.querySelector('.list').scrollLeft = 9999")
    page.evaluate(WATCHED)
    page.clock.run_for(1500)
    assert collect(page) == [("impression", sku) for sku in "BCIJ"]  # the first two, and the last: E is sold out


def test_a_second_that_is_cut_short_by_another_tab_begins_anew(foreign: ForeignPage):
    stop_clock(foreign.page)
    page = foreign.open(GRANTED.replace("limit", "no-view limit"), script=f"{HIDE_TAB} window.tab = 'visible';")
    expect(page.locator("kindred-similar a")).to_have_count(3)
    page.evaluate(WATCHED)
    page.clock.run_for(900)
    page.evaluate("tab = 'hidden'; document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(9000)
    page.evaluate("showTab()")
    page.clock.run_for(900)
    page.evaluate("kindred.flush()")
    assert foreign.sent == []
    page.clock.run_for(200)
    assert collect(page) == [("impression", "B"), ("impression", "C"), ("impression", "D")]
