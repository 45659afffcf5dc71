"""Events go through the outbox, with the shopper's consent and nobody's name."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import RequestFactory
from shop.models import Product

from kindred_django import events
from kindred_django.delivery import deliver_queued
from kindred_django.models import Outgoing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def request_of(override):
    """Return a function that makes a request of a shopper who consents."""
    override(CONSENT="shop.consent.has_agreed")

    def make(*, user=None, agreed="yes", **headers):
        request = RequestFactory().get("/", headers=headers)
        request.COOKIES["agreed"], request.user = agreed, user or AnonymousUser()
        request.session = SessionStore()
        request.session.save()
        return request

    return make


@pytest.fixture
def cup():
    return Product.objects.create(code="CUP", name="Cup")


def test_an_event_arrives_with_pseudonyms_and_without_names(kindred, request_of, cup):
    user = User.objects.create(username="ada@example.com")
    request = request_of(user=user)
    assert events.send("add_to_cart", request=request, product=cup, quantity=2, recommendation_id="r-1", position=3)
    counts = deliver_queued()
    assert (counts.sent, counts.events) == (1, 1)  # the product first: else it were unknown
    [event] = kindred.events
    assert {name: event[name] for name in ("type", "sku", "quantity", "recommendation_id", "position")} == {
        "type": "add_to_cart", "sku": "CUP", "quantity": 2, "recommendation_id": "r-1", "position": 3,
    }  # fmt: skip
    assert set(event) - {"type", "sku", "quantity", "recommendation_id", "position"} == {
        "event_id", "occurred_at", "user_id", "session_id", "consent",
    }  # fmt: skip
    assert event["consent"] == "personalisation"
    assert len(event["user_id"]) == len(event["session_id"]) == 32
    assert request.session.session_key not in str(event)
    assert events.identify(request_of(user=user))["user_id"] == event["user_id"]
    assert "user_id" not in events.identify(request_of())


def test_what_was_paid_and_what_was_agreed_to_is_said_and_an_order_has_a_pseudonym(kindred, request_of, cup):
    request = request_of()
    lines = [(cup, 2, Decimal("3.10")), (cup, 1, Decimal("2.00")), ("CUP-2", 1)]
    assert events.send_order(request=request, number="1001", lines=lines, currency="EUR", consent="analytics")
    paid = {"price": Decimal("9.90"), "currency": "EUR"}
    assert events.send("remove_from_cart", request=request, product=cup, order_id="1001", **paid)
    kindred.products["CUP-2"] = {}
    deliver_queued()
    columns = ("type", "sku", "quantity", "price", "currency", "consent")
    assert [tuple(event.get(name) for name in columns) for event in kindred.events] == [
        ("purchase", "CUP", 3, "2.73", "EUR", "analytics"),
        ("purchase", "CUP-2", 1, None, None, "analytics"),
        ("remove_from_cart", "CUP", 1, "9.90", "EUR", "personalisation"),
    ]
    [order_id] = {event["order_id"] for event in kindred.events}
    assert (len(order_id), "1001" in order_id) == (32, False)


@pytest.mark.parametrize(
    ("agreed", "asked", "said"),
    [
        ("personalisation", "", "personalisation"),
        ("personalisation", "analytics", "analytics"),
        ("personalisation", "none", "none"),
        ("analytics", "", "analytics"),
        ("analytics", "personalisation", "analytics"),
        ("yes", "", "personalisation"),
        ("none", "", None),
        ("none", "personalisation", None),
        ("", "", None),
    ],
)
def test_an_event_says_what_the_shopper_agreed_to_or_less(request_of, cup, override, agreed, asked, said):
    override(CONSENT="shop.consent.read_banner")
    request = request_of(agreed=agreed, user=User.objects.create(username="ada"))
    assert events.send("view", request=request, product=cup, consent=asked, order_id="7") is (said is not None)
    assert events.send_order(request=request, number="7", lines=[(cup, 1)], consent=asked) is (said is not None)
    sent = list(Outgoing.objects.filter(event__isnull=False).values_list("event", flat=True))
    assert [event["consent"] for event in sent] == ([] if said is None else [said, said])
    who = set() if said == "none" else {"user_id", "session_id", "order_id"}
    assert [{"user_id", "session_id", "order_id"} & set(event) for event in sent] == [who] * len(sent)


def test_a_consent_that_there_is_not_is_named(request_of, cup):
    with pytest.raises(ValueError, match=r"^'analytic' is no consent: there are none, analytics, personalisation\.$"):
        events.send("view", request=request_of(), product=cup, consent="analytic")


def test_a_search_says_what_was_searched_for(request_of, kindred):
    Outgoing.objects.all().delete()
    assert events.send("search", request=request_of(), query="red cup")
    assert not events.send("search", request=request_of())
    [row] = Outgoing.objects.all()
    assert (row.event["query"], "sku" in row.event) == ("red cup", False)


@pytest.mark.parametrize(("agreed", "headers"), [("no", {}), ("yes", {"Sec-GPC": "1"})])
def test_nothing_is_sent_or_kept_of_those_who_do_not_want_it(request_of, cup, kindred, agreed, headers):
    Outgoing.objects.all().delete()
    assert not events.send("view", request=request_of(agreed=agreed, **headers), product=cup)
    assert not Outgoing.objects.exists()


def test_a_shop_that_does_not_say_how_to_ask_sends_nothing(request_of, cup, kindred, override):
    Outgoing.objects.all().delete()
    override(CONSENT="")
    assert not events.send("view", request=request_of(), product=cup)
    assert not Outgoing.objects.exists()


def test_an_order_that_fails_is_no_purchase_and_one_that_is_told_twice_is_one(request_of, cup, kindred):
    request = request_of()
    with transaction.atomic():
        assert events.send_order(request=request, number="1001", lines=[(cup, 1)])
        transaction.set_rollback(True)
    deliver_queued()
    assert kindred.events == []
    for _ in range(2):
        events.send_order(request=request, number="1002", lines=[(cup, 3), ("CUP-2", 1)])
    kindred.products["CUP-2"] = {}
    deliver_queued()
    assert [(event["type"], event["sku"], event["quantity"]) for event in kindred.events] == [
        ("purchase", "CUP", 3),
        ("purchase", "CUP-2", 1),
    ] * 2
    assert len({event["event_id"] for event in kindred.events}) == 2


def test_an_event_that_kindred_does_not_take_is_logged_and_holds_up_no_other(request_of, cup, kindred, caplog):
    events.send("view", request=request_of(), product="NOBODY-KNOWS")
    events.send("view", request=request_of(), product=cup)
    counts = deliver_queued()
    assert (counts.events, counts.events_refused) == (1, 1)
    assert "Kindred does not take a view of NOBODY-KNOWS: sku: Unknown." in caplog.text
    assert not Outgoing.objects.exists()


def test_events_of_another_kind_are_refused_where_they_are_written(request_of, cup):
    with pytest.raises(ValueError, match="'bought' is no event: there are impression, click"):
        events.send("bought", request=request_of(), product=cup)


def test_an_asynchronous_view_can_await_it(request_of, cup, kindred):
    assert asyncio.run(events.asend("view", request=request_of(), product=cup))
    assert deliver_queued().events == 1


def test_no_order_fails_for_a_line_without_a_product_and_lines_of_one_count_together(request_of, cup, kindred):
    lines = [(cup, 2), (None, 1), (object(), 1), (cup, 3)]
    assert events.send_order(request=request_of(), number="1003", lines=lines)
    assert not events.send_order(request=request_of(), number="1004", lines=[(None, 1)])
    assert not events.send("view", request=request_of(), product=None)
    deliver_queued()
    assert [(event["sku"], event["quantity"]) for event in kindred.events] == [("CUP", 5)]


def test_no_page_fails_in_a_project_without_the_setting_or_for_a_consent_that_cannot_be_asked(
    request_of, cup, kindred, settings, override, monkeypatch, caplog
):
    monkeypatch.setattr("shop.consent.has_agreed", lambda request: 1 / 0)
    assert not events.send("view", request=request_of(), product=cup)
    assert "which is taken for no" in caplog.text
    settings.KINDRED = {}
    assert not events.send("view", request=request_of, product=cup)
    assert not events.send_order(request=request_of, number="1005", lines=[(cup, 1)])


@pytest.mark.parametrize("use_tz", [True, False])
def test_an_event_says_when_it_was_with_its_offset(request_of, cup, kindred, settings, use_tz):
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "Asia/Shanghai"
    events.send("view", request=request_of(), product=cup)
    deliver_queued()
    assert kindred.events[0]["occurred_at"].endswith("+00:00")
