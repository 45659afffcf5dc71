"""Daily counts: every number by hand, in any order of arrival, in any steps, and never twice."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings, strategies

from behaviour.events.event import Event
from behaviour.reports import counting
from behaviour.reports.counting import count_new_events, count_step
from behaviour.reports.daily_counts import CountedDay, Counting, DailyCount
from tests.behaviour.event_rows import add_events
from tests.behaviour.naive_counts import count_naively, read_counts

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ANN, BOB = UUID(int=1), UUID(int=2)
TAB = UUID(int=11)  # a session
ORDER, OTHER_ORDER = UUID(int=21), UUID(int=22)
HOME = {"placement": "home", "strategy": "popular", "space": "first", "recommendation_id": "t1"}
PAGE = {"placement": "product", "strategy": "similar", "space": "first", "recommendation_id": "t2"}


def at(hours: float, **values: Any) -> dict[str, Any]:
    return {"occurred_at": NOON + timedelta(hours=hours), **values}


def bought(hours: float, sku: str, **values: Any) -> dict[str, Any]:
    return at(hours, type="purchase", sku=sku, **{"price": Decimal("10"), "currency": "EUR", **values})


def read_rows(*names: str) -> set[tuple[Any, ...]]:
    return set(DailyCount.objects.values_list("sku", "placement", *names))


def test_a_day_calculated_on_paper():
    add_events([
        at(0, type="impression", sku="MUG", user_key=ANN, **HOME),
        at(0, type="impression", sku="TRAY", user_key=ANN, **HOME),
        at(1, type="click", sku="MUG", user_key=ANN, **HOME),
        at(1.1, type="view", sku="MUG", user_key=ANN),
        at(2, type="impression", sku="MUG", user_key=ANN, **PAGE),
        at(2.5, type="add_to_cart", sku="MUG", user_key=ANN),
        bought(3, "MUG", user_key=ANN, order_key=ORDER, quantity=2),
        bought(3, "TRAY", user_key=ANN, order_key=ORDER, price=Decimal("4.50")),
        bought(3, "LAMP", user_key=ANN, order_key=ORDER, price=Decimal("99"), currency="USD"),
        bought(4, "MUG", user_key=BOB, order_key=OTHER_ORDER),
        at(5, type="search", query="mug"),
        at(5, type="dismiss", sku="MUG", user_key=ANN),
    ])  # fmt: skip
    assert count_new_events() == 12
    day, home, page = NOON.date(), ("home", "popular", "first", "", ""), ("product", "similar", "first", "", "")
    nowhere = ("",) * 5
    assert read_counts() == {
        (day, "MUG", *home, ""): {"impressions": 1, "clicks": 1, "carts": 1, "attributed_carts": 1},
        (day, "MUG", *page, ""): {"impressions": 1},
        (day, "MUG", *nowhere, ""): {"views": 1},
        (day, "TRAY", *home, ""): {"impressions": 1},
        (day, "MUG", *home, "EUR"): {
            "baskets": 1, "attributed_baskets": 1, "orders": 1, "attributed_orders": 1,
            "units": 2, "attributed_units": 2, "revenue": 20, "attributed_revenue": 20,
        },
        (day, "TRAY", *home, "EUR"): {
            "orders": 1, "viewthrough_orders": 1, "units": 1, "viewthrough_units": 1,
            "revenue": Decimal("4.5"), "viewthrough_revenue": Decimal("4.5"),
        },
        (day, "LAMP", *nowhere, "USD"): {"orders": 1, "units": 1, "revenue": 99},
        (day, "MUG", *nowhere, "EUR"): {"baskets": 1, "orders": 1, "units": 1, "revenue": 10},
    }  # fmt: skip


def test_a_purchase_that_says_its_list_is_credited_to_that_one_not_to_the_last_click():
    add_events([at(0, type="click", sku="MUG", user_key=ANN, **HOME), bought(1, "MUG", user_key=ANN, **PAGE)])
    count_new_events()
    assert ("MUG", "product", 1, 1) in read_rows("orders", "attributed_orders")


def test_of_two_clicks_the_last_counts_and_of_none_in_the_window_neither():
    add_events([
        at(-25, type="click", sku="OLD", session_key=TAB, **HOME),
        bought(0, "OLD", session_key=TAB),
        at(-24, type="click", sku="NEW", session_key=TAB, **HOME),
        at(-23, type="click", sku="NEW", session_key=TAB, **PAGE),
        bought(0, "NEW", session_key=TAB),
    ])  # fmt: skip
    count_new_events()
    assert DailyCount.objects.filter(orders=1).values_list("sku", "placement", "attributed_orders").order_by(
        "sku"
    ).first() == ("NEW", "product", 1)
    assert ("OLD", "", 1, 0, 0) in read_rows("orders", "attributed_orders", "viewthrough_orders")


def test_a_click_of_exactly_the_window_before_counts(settings):
    settings.KINDRED_ATTRIBUTION_HOURS = 2
    add_events([
        at(-2, type="click", sku="MUG", user_key=ANN, **HOME), bought(0, "MUG", user_key=ANN),
        at(-2.001, type="click", sku="TRAY", user_key=ANN, **HOME), bought(0, "TRAY", user_key=ANN),
    ])  # fmt: skip
    count_new_events()
    assert DailyCount.objects.filter(attributed_orders=1).values_list("sku", flat=True).get() == "MUG"


def test_nothing_is_credited_where_nothing_is_known_of_who_it_was():
    add_events([at(0, type="click", sku="MUG", **HOME), bought(1, "MUG")])
    count_new_events()
    assert ("MUG", "", 1, 0) in read_rows("orders", "attributed_orders")


def test_a_line_that_page_and_server_tell_counts_once_and_lines_that_differ_are_one_order():
    add_events([
        bought(0, "MUG", order_key=ORDER), bought(0.1, "MUG", order_key=ORDER),
        bought(0.2, "MUG", order_key=ORDER, quantity=3), bought(0.3, "MUG", order_key=OTHER_ORDER),
    ])  # fmt: skip
    count_new_events()
    assert read_rows("orders", "units", "revenue") == {("MUG", "", 2, 5, 50)}


def test_lines_that_are_the_same_and_that_one_has_told_are_as_many_as_they_are():
    line = {"sku": "MUG", "order_key": ORDER, "user_key": ANN}
    add_events([bought(0, **line) for _ in range(2)])
    count_new_events()
    assert read_rows("baskets", "orders", "units", "revenue") == {("MUG", "", 1, 1, 2, 20)}


@pytest.mark.parametrize(
    "other",
    [{"user_key": BOB}, {"session_key": TAB}, HOME, {"occurred_at": NOON + timedelta(minutes=1)}],
    ids=["user", "session", "list", "moment"],
)
def test_of_two_who_tell_the_same_lines_the_one_who_tells_more_counts(other):
    line = bought(0, "MUG", order_key=ORDER, user_key=ANN)
    add_events([line, line, {**line, **other}])
    count_new_events()
    assert sum(units for _sku, _placement, units in read_rows("units")) == 2
    add_events([{**line, **other}, {**line, **other}])
    count_new_events()
    assert sum(units for _sku, _placement, units in read_rows("units")) == 3
    assert sum(baskets for _sku, _placement, baskets in read_rows("baskets")) == 1


def test_an_order_counts_once_for_the_first_of_its_products_that_was_clicked():
    add_events([
        at(-2, type="impression", sku="TRAY", user_key=ANN, **HOME),
        bought(0, "LAMP", user_key=ANN, order_key=ORDER),
        bought(0.1, "TRAY", user_key=ANN, order_key=ORDER),
        bought(0.2, "MUG", user_key=ANN, order_key=ORDER),
    ])  # fmt: skip
    count_new_events()
    assert {row for row in read_rows("baskets", "viewthrough_baskets") if row[2]} == {("TRAY", "home", 1, 1)}
    add_events([at(-1, type="click", sku="MUG", user_key=ANN, **PAGE)])
    count_new_events()
    assert {row for row in read_rows("baskets", "attributed_baskets") if row[2]} == {("MUG", "product", 1, 1)}


def test_a_purchase_of_nothing_is_no_sale():
    add_events([bought(0, "MUG", quantity=0)])
    assert count_new_events() == 1
    assert read_counts() == {}


def test_days_begin_at_the_shops_midnight(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    add_events([at(3.99, type="view", sku="MUG"), at(4, type="view", sku="MUG")])
    count_new_events()
    assert [str(day) for day in DailyCount.objects.order_by("day").values_list("day", flat=True)] == [
        "2026-03-10", "2026-03-11",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("midnights", "before"),
    [
        (["2026-03-28T23:00Z", "2026-03-29T22:00Z"], "2026-03-28"),  # a day of 23 hours
        (["2026-10-24T22:00Z", "2026-10-25T23:00Z"], "2026-10-24"),  # and one of 25
    ],
)
def test_a_day_on_which_clocks_change_has_all_that_happened_on_it_however_late_it_comes(settings, midnights, before):
    settings.TIME_ZONE = "Europe/Berlin"
    begins, ends = (datetime.fromisoformat(moment) for moment in midnights)
    second, day = timedelta(seconds=1), date.fromisoformat(before)
    rows = [
        {"type": "click", "sku": "MUG", "user_key": ANN, "occurred_at": begins - second, **HOME},
        {"type": "view", "sku": "MUG", "occurred_at": begins},
        {"sku": "MUG", "user_key": ANN, "occurred_at": begins - second + timedelta(hours=24), "price": Decimal(7),
         "currency": "JPY"},  # at the very end of the window, which is 24 hours and no day
        {"sku": "MUG", "user_key": ANN, "occurred_at": begins + timedelta(hours=24), "price": Decimal(5),
         "currency": "EUR"},
        {"type": "view", "sku": "MUG", "occurred_at": ends - second},
        {"type": "view", "sku": "MUG", "occurred_at": ends},
    ]  # fmt: skip
    events = []
    for row in reversed(rows):  # the latest first, each in a step of its own
        events += add_events([row])
        count_new_events()

    assert read_counts() == count_naively(events, zone="Europe/Berlin")
    views = DailyCount.objects.filter(views__gt=0).order_by("day").values_list("day", "views")
    assert list(views) == [(day + timedelta(days=1), 2), (day + timedelta(days=2), 1)]


def test_a_click_that_comes_late_moves_the_credit_of_what_was_counted():
    add_events([bought(1, "MUG", user_key=ANN, order_key=ORDER)])
    count_new_events()
    assert read_rows("orders", "attributed_orders") == {("MUG", "", 1, 0)}
    add_events([at(0, type="click", sku="MUG", user_key=ANN, **HOME)])
    count_new_events()
    add_events([at(0.5, type="click", sku="MUG", user_key=ANN, **PAGE)])
    count_new_events()
    assert {row for row in read_rows("orders", "attributed_orders") if row[2]} == {("MUG", "product", 1, 1)}


def test_what_was_credited_by_a_session_that_is_forgotten_stays_as_it_was():
    before = {"received_at": timezone.now() - timedelta(days=30)}  # as long as sessions are kept
    add_events([
        at(0, type="click", sku="MUG", session_key=TAB, **HOME, **before),
        bought(1, "MUG", user_key=ANN, session_key=TAB, **before),
    ])  # fmt: skip
    count_new_events()
    Event.objects.update(session_key=None)
    add_events([at(0.5, type="click", sku="MUG", user_key=ANN, **PAGE)])
    count_new_events()
    assert read_rows("clicks", "orders", "attributed_orders") == {
        ("MUG", "home", 1, 0, 0), ("MUG", "home", 0, 1, 1), ("MUG", "product", 1, 0, 0),
    }  # fmt: skip


def test_what_is_not_settled_is_left_for_later():
    events = add_events([at(0, type="view", sku="MUG"), at(0, type="view", sku="MUG")])
    count_step(settled=min(event.pk for event in events))
    assert read_rows("views") == {("MUG", "", 1)}
    count_new_events()
    assert read_rows("views") == {("MUG", "", 2)}


def test_the_days_of_a_step_are_to_be_totalled_anew():
    add_events([at(0, type="view", sku="MUG"), at(-48, type="view", sku="MUG")])
    count_new_events()
    CountedDay.objects.update(is_stale=False)
    add_events([at(-48, type="view", sku="MUG")])
    count_new_events()
    assert list(CountedDay.objects.filter(is_stale=True).values_list("day", flat=True)) == [
        (NOON - timedelta(hours=48)).date()
    ]


class Killed(Exception):
    """Stands for the end of the process."""


def test_whoever_is_killed_in_the_midst_has_counted_nothing(monkeypatch):
    add_events([at(0, type="click", sku="MUG", user_key=ANN, **HOME), bought(1, "MUG", user_key=ANN)])
    settled = Event.objects.order_by("-id").values_list("id", flat=True)[0]

    def run_before(execute, sql, params, many, context):
        if sql.startswith("UPDATE behaviour_counting"):
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(run_before), pytest.raises(Killed):
        count_step(settled=settled)
    assert (read_counts(), Counting.objects.get().last_event_id) == ({}, 0)
    assert count_new_events() == 2
    assert count_new_events() == 0
    assert read_counts() == count_naively(list(Event.objects.all()))


KINDS = ("impression", "click", "view", "add_to_cart", "wishlist", "dismiss", "purchase", "purchase")
ORDERS = (None, ORDER, OTHER_ORDER)
LISTS = ({}, HOME, PAGE, {"placement": "cart", "strategy": "bundle", "experiment": "e", "arm": "b"})
PRICES = ({}, {"price": Decimal("2.50"), "currency": "EUR"}, {"price": Decimal("3"), "currency": "USD"})
ONE_EVENT = strategies.builds(
    lambda hours, values, shown_in, paid: at(hours, **values, **shown_in, **paid),
    hours=strategies.integers(-30, 30),
    values=strategies.fixed_dictionaries({
        "type": strategies.sampled_from(KINDS),
        "sku": strategies.sampled_from(("A", "B")),
        "user_key": strategies.sampled_from((None, ANN, BOB)),
        "session_key": strategies.sampled_from((None, TAB, UUID(int=12))),
        "order_key": strategies.sampled_from(ORDERS),
        "quantity": strategies.integers(0, 2),
    }),
    shown_in=strategies.sampled_from(LISTS),
    paid=strategies.sampled_from(PRICES),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=strategies.lists(ONE_EVENT, min_size=1, max_size=24), seed=strategies.integers(0, 999))
def test_any_order_of_arrival_and_any_steps_come_to_the_same_counts(rows, seed):
    chance = random.Random(seed)
    rows = [{**row, "event_key": UUID(int=chance.getrandbits(128))} for row in (*rows, *rows[:3])]
    chance.shuffle(rows)
    with transaction.atomic():
        while rows:
            size = chance.randint(1, len(rows))
            add_events(rows[:size])
            rows = rows[size:]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(counting, "BATCH", chance.randint(1, 8))
                count_new_events()
        assert read_counts() == count_naively(list(Event.objects.all()))
        transaction.set_rollback(True)
