"""Facts read from the table of events."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest

from behaviour.events.event import Event
from behaviour.facts import VISITS, read_facts
from tests.behaviour.event_rows import add_events

pytestmark = pytest.mark.django_db

ADA, BEN, VISIT, ORDER = (UUID(int=number) for number in (1, 2, 3, 4))
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TUESDAY = datetime(2026, 3, 3, 12, tzinfo=UTC)


def lines(facts):
    """Each line as what it says, sorted: numbers are nobody's business."""
    return sorted(
        (facts.skus[item], facts.user_keys[user] if user >= 0 else None, day, quantity)
        for item, user, day, quantity in zip(facts.items, facts.users, facts.days, facts.quantity, strict=True)
    )


def test_a_line_holds_what_was_bought_by_whom_when_how_many_and_for_what():
    ordered = {"order_key": ORDER, "user_key": ADA, "consent": "personalisation", "occurred_at": MONDAY}
    add_events([{"sku": "MUG", "quantity": 3, "price": "2.5", **ordered}])
    facts = read_facts()
    assert (facts.skus, facts.user_keys) == (("MUG",), (ADA,))
    assert [facts.items.tolist(), facts.users.tolist(), facts.baskets.tolist()] == [[0], [0], [0]]
    assert facts.days.tolist() == [20514.5]
    assert (facts.quantity.tolist(), facts.price.tolist()) == ([3.0], [2.5])
    assert {array.dtype for array in (facts.items, facts.users, facts.baskets)} == {np.dtype(np.int32)}


def test_a_basket_is_an_order_or_else_the_day_of_a_user_or_a_session():
    personal = {"consent": "personalisation"}
    add_events(
        [
            {"sku": "ORDERED", "order_key": ORDER, "user_key": ADA, "occurred_at": MONDAY, **personal},
            {"sku": "ORDERED TOO", "order_key": ORDER, "user_key": ADA, "occurred_at": TUESDAY, **personal},
            {"sku": "MONDAY", "user_key": ADA, "occurred_at": MONDAY, **personal},
            {"sku": "MONDAY TOO", "user_key": ADA, "session_key": VISIT, "occurred_at": MONDAY, **personal},
            {"sku": "TUESDAY", "user_key": ADA, "occurred_at": TUESDAY, **personal},
            {"sku": "VISIT", "session_key": VISIT, "occurred_at": TUESDAY, "consent": "analytics"},
            {"sku": "NOBODY", "occurred_at": TUESDAY},
        ]
    )
    facts = read_facts()
    baskets = {}
    for item, basket in zip(facts.items, facts.baskets, strict=True):
        baskets.setdefault(int(basket), set()).add(facts.skus[item])
    assert baskets.pop(-1) == {"NOBODY"}
    assert sorted(map(sorted, baskets.values())) == [
        ["MONDAY", "MONDAY TOO"], ["ORDERED", "ORDERED TOO"], ["TUESDAY"], ["VISIT"],
    ]  # fmt: skip
    assert sorted(baskets) == [0, 1, 2, 3]


def test_who_agreed_to_counting_alone_is_nobody_but_their_basket_counts():
    add_events([{"sku": "MUG", "user_key": BEN, "order_key": ORDER, "consent": "analytics"}])
    facts = read_facts()
    assert facts.user_keys == ()
    assert (facts.users.tolist(), facts.baskets.tolist()) == ([-1], [0])


def test_types_times_and_the_last_event_say_what_is_read():
    first, second, third = add_events(
        [
            {"sku": "A", "occurred_at": MONDAY},
            {"sku": "B", "occurred_at": TUESDAY},
            {"sku": "C", "occurred_at": TUESDAY, "type": "view"},
        ]
    )
    Event.objects.filter(sku="nothing").delete()
    assert lines(read_facts()) == [("A", None, 20514.5, 1.0), ("B", None, 20515.5, 1.0)]
    assert read_facts(since=TUESDAY).skus == ("B",)
    assert read_facts(until=TUESDAY).skus == ("A",)
    assert read_facts(types=VISITS).skus == ("C",)
    assert read_facts(last_id=min(first.pk, second.pk)).skus == ("A",)
    assert third.pk > first.pk


def test_what_has_no_product_or_no_price_is_told_apart():
    add_events([{"sku": "", "type": "search"}, {"sku": "FREE", "price": None}])
    assert np.isnan(read_facts(types=("search", "purchase")).price).tolist() == [True]


def test_a_shop_without_events_has_no_facts():
    facts = read_facts()
    assert (len(facts), facts.item_count, facts.user_count, facts.basket_count) == (0, 0, 0, 0)
