"""What a widget tells of shoppers: with their consent alone, in beacons that arrive, each event once."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from behaviour.events.event import Event
from tests.browser.foreign_page import TALL, ForeignPage

pytestmark = pytest.mark.django_db(transaction=True)
ARRIVAL_S = 20.0
SPY = """
window.touched = [];
const spy = (holder, name, label) => {
  const own = Object.getOwnPropertyDescriptor(holder, name);
  const note = (method) => method && function (...given) { touched.push(label); return method.apply(this, given); };
  const way = own.value ? { value: note(own.value) } : { get: note(own.get), set: note(own.set) };
  Object.defineProperty(holder, name, { ...own, ...way });
};
for (const name of ["getItem", "setItem", "removeItem", "key", "clear", "length"]) spy(Storage.prototype, name, name);
const places = ["sessionStorage", "localStorage", "indexedDB", "caches", "cookieStore"];
for (const name of places) if (name in window) spy(window, name, name);
spy(Document.prototype, "cookie", "cookie");
"""
PRIVATE = "Object.defineProperty(navigator, 'globalPrivacyControl', { get: () => true });"
# Observers are told of a frame in the order in which they were made.
WATCHED = "new Promise((done) => new IntersectionObserver(() => done()).observe(document.body))"
GRANTED = '<kindred-similar sku="A" limit="3" placement="below" consent="granted"></kindred-similar>'
SILENT = '<kindred-similar sku="A" limit="3"></kindred-similar>'


def wait_for_events(count: int) -> list[Event]:
    """Return the events by their position and type, once so many have arrived: no page is told that a beacon has."""
    deadline = time.monotonic() + ARRIVAL_S
    while Event.objects.count() < count:
        assert time.monotonic() < deadline, list(Event.objects.values_list("type", "sku"))
        time.sleep(0.05)
    return list(Event.objects.order_by("type", "position", "sku"))


def stop_clock(page: Page) -> None:
    """From the next page on, have time pass by `page.clock.run_for` alone."""
    now = datetime.now(UTC)
    page.clock.install(time=now)
    page.clock.pause_at(now + timedelta(seconds=1))


def flush(page: Page) -> None:
    page.evaluate("kindred.flush()")


def test_what_is_half_seen_for_a_second_is_told_once(foreign: ForeignPage):
    stop_clock(foreign.page)
    page = foreign.open(GRANTED + TALL)
    expect(page.locator("kindred-similar a")).to_have_count(3)
    page.evaluate(WATCHED)
    page.clock.run_for(900)
    flush(page)
    assert [event.type for event in wait_for_events(1)] == ["view"]
    page.clock.run_for(200)
    flush(page)
    seen = wait_for_events(4)[:3]
    list_id = page.locator("kindred-similar").evaluate("widget => widget.recommendations.recommendation_id")
    assert [(e.type, e.sku, e.position, e.placement, e.strategy, e.recommendation_id) for e in seen] == [
        ("impression", sku, place, "below", "similar", list_id) for place, sku in enumerate("BCD", start=1)
    ]
    page.evaluate("document.querySelector('kindred-similar').refresh()")  # the same list
    page.clock.run_for(3000)
    flush(page)
    page.evaluate("kindred.track('view', 'Z')")
    flush(page)
    assert Counter(event.type for event in wait_for_events(5)) == {"impression": 3, "view": 2}
    assert len({(event.session_key, event.consent) for event in Event.objects.all()}) == 1
    assert Event.objects.exclude(session_key=None).filter(consent="personalisation").count() == 5


def test_what_leaves_the_view_within_a_second_is_not_told(foreign: ForeignPage):
    stop_clock(foreign.page)
    page = foreign.open(GRANTED + TALL)
    expect(page.locator("kindred-similar a")).to_have_count(3)
    page.clock.run_for(900)
    page.evaluate("scrollTo(0, 2000)")
    page.evaluate(WATCHED)
    page.clock.run_for(2000)
    page.evaluate("kindred.track('view', 'Z')")
    flush(page)
    assert [event.type for event in wait_for_events(2)] == ["view", "view"]


@pytest.mark.parametrize("button", ["left", "middle", "keyboard"])
def test_a_click_arrives_although_the_page_goes_away(foreign: ForeignPage, button):
    page = foreign.open(GRANTED)
    link = page.locator("kindred-similar a").nth(1)
    if button == "keyboard":
        link.focus()
        page.keyboard.press("Enter")
    else:
        link.click(button=button)
    if button == "middle":
        page.close()
    else:
        page.wait_for_url("https://shop.example/2")
    clicks = [event for event in wait_for_events(2) if event.type == "click"]
    assert [(event.sku, event.position, event.placement) for event in clicks] == [("C", 2, "below")]


def test_carts_and_purchases_are_told_by_script(foreign: ForeignPage):
    page = foreign.open(GRANTED)
    expect(page.locator("kindred-similar a")).to_have_count(3)
    page.evaluate("""() => {
        document.querySelector("kindred-similar").addToCart("C");
        document.querySelector("kindred-similar").addToCart("Z", 2);
        kindred.track("purchase", [{ sku: "C", quantity: 3 }, { sku: "D" }]);
        kindred.flush();
    }""")
    told = [(e.type, e.sku, e.position, e.quantity) for e in wait_for_events(5) if e.type not in {"view", "impression"}]
    assert told == [
        ("add_to_cart", "C", 2, 1),
        ("add_to_cart", "Z", None, 2),
        ("purchase", "C", None, 3),
        ("purchase", "D", None, 1),
    ]


def test_events_go_in_batches_as_text_with_the_key_in_the_address(foreign: ForeignPage, settings):
    from api.models import ApiKey

    settings.KINDRED_API_PUBLIC_READ = False
    _, token = ApiKey.objects.issue("page", scope="publishable")
    page = foreign.open(
        f'<kindred-similar sku="A" limit="3" key="{token}" consent="granted" no-view></kindred-similar>'
    )
    page.evaluate("for (let n = 1; n <= 45; n += 1) kindred.track('view', `S${n}`)")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    wait_for_events(45)
    page.evaluate("null")  # until then the driver has not told of all requests
    assert [len(json.loads(request.post_data)["events"]) for request in foreign.sent] == [20, 20, 5]
    assert {request.url for request in foreign.sent} == {f"{foreign.shop}/api/v1/events/?key={token}"}
    assert {request.headers["content-type"] for request in foreign.sent} == {"text/plain;charset=UTF-8"}


def test_without_beacons_a_request_outlives_the_page(foreign: ForeignPage):
    page = foreign.open(GRANTED, script="navigator.sendBeacon = () => false;")
    with page.expect_request("**/api/v1/events/") as sent:
        page.evaluate("kindred.flush()")
    assert sent.value.resource_type == "fetch"
    assert [event.type for event in wait_for_events(1)] == ["view"]


def act(page: Page) -> None:
    """Do all that would be told."""
    expect(page.locator("kindred-similar a")).to_have_count(3)
    page.clock.run_for(5000)
    page.evaluate("""() => {
        kindred.track("purchase", "A");
        document.querySelector("kindred-similar").addToCart("B");
    }""")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")


@pytest.mark.parametrize(
    ("script", "body"),
    [
        ("", SILENT),
        ("", SILENT.replace("limit", 'consent="denied" limit')),
        ("window.kindred = { consent: () => false };", SILENT),
        ("window.kindred = { consent: () => Promise.resolve(false) };", GRANTED),
        ("window.kindred = { consent: () => new Promise(() => {}) };", SILENT),
        ("window.kindred = { consent: () => 'yes' };", SILENT),
        (PRIVATE, GRANTED),
        (PRIVATE + "window.kindred = { consent: () => true };", SILENT),
    ],
    ids=["nothing said", "denied", "function", "promise", "never decided", "another word", "GPC", "GPC and yes"],
)
def test_without_consent_nothing_is_sent_stored_or_looked_up(foreign: ForeignPage, script, body):
    stop_clock(foreign.page)
    page = foreign.open(body, script=SPY + script)
    act(page)
    assert page.evaluate("touched.splice(0)") == []
    assert page.evaluate("[sessionStorage.length, localStorage.length, document.cookie, kindred.granted]") == [
        0,
        0,
        "",
        False,
    ]
    assert foreign.sent == []


@pytest.mark.parametrize(
    "script",
    ["window.kindred = { consent: () => true };", "window.kindred = { consent: () => Promise.resolve('granted') };"],
)
def test_a_function_of_the_page_may_consent(foreign: ForeignPage, script):
    stop_clock(foreign.page)
    page = foreign.open(SILENT, script=script)
    act(page)
    told = Counter(event.type for event in wait_for_events(6))
    assert told == {"view": 1, "impression": 3, "purchase": 1, "add_to_cart": 1}


def test_consent_that_comes_later_counts_from_then_on_and_may_be_withdrawn(foreign: ForeignPage):
    stop_clock(foreign.page)
    page = foreign.open(SILENT, script=SPY)
    act(page)
    assert foreign.sent == []
    page.evaluate("kindred.grant()")
    page.clock.run_for(2000)
    assert UUID(hex=page.evaluate("sessionStorage.getItem('kindred-session')")).int
    page.evaluate("kindred.flush()")
    assert Counter(event.type for event in wait_for_events(4)) == {"view": 1, "impression": 3}
    page.evaluate("kindred.track('purchase', 'A')")
    page.evaluate("kindred.withdraw()")  # also for what is not sent yet
    assert page.evaluate("sessionStorage.length") == 0
    sent = len(foreign.sent)
    act(page)
    assert len(foreign.sent) == sent


def test_an_element_that_leaves_the_page_takes_no_event_with_it(foreign: ForeignPage):
    page = foreign.open(GRANTED)
    expect(page.locator("kindred-similar a")).to_have_count(3)
    page.evaluate("document.querySelector('kindred-similar').addToCart('B')")
    page.evaluate("document.querySelector('kindred-similar').remove()")
    page.evaluate("kindred.flush()")
    assert [event.type for event in wait_for_events(2)] == ["add_to_cart", "view"]
    assert page.evaluate("kindred.granted") is True


def test_consent_that_its_attribute_takes_back_ends_the_session(foreign: ForeignPage):
    page = foreign.open(GRANTED)
    expect(page.locator("kindred-similar a")).to_have_count(3)
    page.wait_for_function("sessionStorage.length === 2")  # the session, and what was looked at
    page.locator("kindred-similar").evaluate("widget => widget.setAttribute('consent', 'denied')")
    assert page.evaluate("[sessionStorage.length, kindred.granted]") == [0, False]
