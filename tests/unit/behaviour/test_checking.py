"""What is read quickly of an event is what its declarations read, and what they refuse is not read quickly."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from behaviour.events.bodies import EventSerializer
from behaviour.events.checking import PLAIN, check_items, read_plain
from behaviour.events.event import Consent, Event

NOW = timezone.now()
TEXTS = st.text(max_size=8) | st.sampled_from(
    ["", " ", " a", "a ", "a\x00", "\ud800", "a\u3000", "茶杯", "x" * 301, "a b"]
)
MOMENTS = st.integers(-500, 2).map(lambda days: (NOW + timedelta(days=days)).isoformat()) | st.sampled_from(
    ["2026-11-01", "2026-11-01T10:00:00", "20261101T100000Z", "0001-01-01T00:00:00+05:00", "now", ""]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = {
    "event_id": TEXTS,
    "type": st.sampled_from([*Event.Kind.values, "stare", "View"]),
    "sku": TEXTS,
    "consent": st.sampled_from([*Consent.values, "yes"]),
    "user_id": TEXTS,
    "session_id": TEXTS,
    "order_id": TEXTS,
    "quantity": st.integers(-1, 1_000_001) | st.sampled_from(["3", 2.0, True]),
    "price": st.decimals(-1, 10**11, places=3).map(str) | st.floats(0, 1e12) | st.sampled_from(["9.99", 5, "", "1e3"]),
    "currency": st.sampled_from(["EUR", "eur", "XXX", "JPY", "KWD", "", "EURO"]),
    "recommendation_id": TEXTS,
    "placement": TEXTS,
    "strategy": TEXTS,
    "position": st.integers(-1, 10_001),
    "query": TEXTS,
    "occurred_at": MOMENTS,
    "stranger": TEXTS,
}
EVENTS = st.fixed_dictionaries(
    {"event_id": st.just("e"), "type": st.sampled_from(Event.Kind.values)},
    optional={name: values | SCALARS for name, values in VALUES.items() if name not in ("event_id", "type")},
) | st.fixed_dictionaries({}, optional={name: values | SCALARS for name, values in VALUES.items()})
FULL = {
    "event_id": "e", "type": "purchase", "sku": "A", "consent": "analytics", "user_id": "u", "session_id": "s",
    "order_id": "o", "quantity": 2, "price": 12.5, "currency": "EUR", "recommendation_id": "r", "placement": "p",
    "strategy": "similar", "position": 1, "occurred_at": NOW.isoformat(),
}  # fmt: skip


def read_declared(item: dict) -> tuple:
    serializer = EventSerializer(data=item)
    return (serializer.validated_data, {}) if serializer.is_valid() else (None, serializer.errors)


@settings(max_examples=1_500, deadline=None)
@given(EVENTS)
@example(FULL)
@example({"event_id": "e", "type": "search", "query": "mug"})
@example({"event_id": "e", "type": "search", "sku": "A"})
@example({"event_id": "e", "type": "view", "sku": "A", "query": "mug"})
@example({"event_id": "e", "type": "view"})
@example({"event_id": "e", "type": "purchase", "sku": "A", "price": "12.345", "currency": "EUR"})
@example({"event_id": "e", "type": "purchase", "sku": "A", "price": 12, "currency": "JPY"})
def test_what_is_read_quickly_is_what_the_declarations_read(item):
    quickly = read_plain(item, now=NOW)
    if quickly is not None:
        values, errors = read_declared(item)
        assert errors == {}
        assert quickly == dict(values)


@pytest.mark.parametrize("name", sorted(FULL.keys() - {"event_id", "type", "sku"}))
def test_an_event_as_apps_send_it_is_read_quickly_whatever_it_says(name):
    item = {"event_id": "e", "type": "purchase", "sku": "A", name: FULL[name]}
    assert read_plain(item, now=NOW) == dict(read_declared(item)[0])
    assert read_plain(FULL, now=NOW)["price"] == Decimal("12.50")


def test_every_declared_field_can_be_read_quickly():
    assert PLAIN.keys() == EventSerializer().fields.keys()


def test_what_is_not_plain_is_looked_at_by_the_declarations():
    checked, rejected = check_items([{**FULL, "sku": " A ", "quantity": "2"}, {**FULL, "quantity": 0}], busy=set())
    assert (checked[0]["sku"], checked[0]["quantity"]) == ("A", 2)
    assert [error["field"] for error in rejected[1]["errors"]] == ["quantity"]
