"""The rules of daily counts once more, as plain as they can be said, for tests to compare with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from behaviour.events.event import Event
from behaviour.reports.daily_counts import COUNT_COLUMNS, LIST_COLUMNS, MONEY_COLUMNS, DailyCount

WINDOW = timedelta(hours=24)
PLURAL = {"impression": "impressions", "click": "clicks", "view": "views"}
Counted = dict[tuple[Any, ...], dict[str, Any]]


def count_naively(events: Sequence[Event], *, zone: str = "UTC") -> Counted:
    """Return the numbers that are not 0 by (day, sku, placement, strategy, space, experiment, arm, currency)."""
    found: Counted = defaultdict(lambda: defaultdict(Decimal))
    for event in events:
        day = event.occurred_at.astimezone(ZoneInfo(zone)).date()
        if event.type in PLURAL:
            found[(day, event.sku, *list_of(event), "")][PLURAL[event.type]] += 1
        elif event.type in ("purchase", "add_to_cart", "wishlist"):
            for way, source in [credit(event, events)]:
                row = found[(day, event.sku, *source, currency_of(event))]
                for name, amount in amounts_of(event, events).items():
                    row[name] += amount
                    if way and not (way == "viewthrough" and event.type != "purchase"):
                        row[f"{way}_{name}"] += amount
    return {key: kept for key, row in found.items() if (kept := {name: n for name, n in row.items() if n})}


def list_of(event: Event) -> tuple[str, ...]:
    return tuple(getattr(event, name) for name in LIST_COLUMNS)


def currency_of(event: Event) -> str:
    return event.currency if event.type == "purchase" and event.price is not None else ""


def credit(event: Event, events: Sequence[Event]) -> tuple[str, tuple[str, ...]]:
    if event.recommendation_id:
        return "attributed", list_of(event)
    before = [
        one
        for one in events
        if one.sku == event.sku
        and event.occurred_at - WINDOW <= one.occurred_at <= event.occurred_at
        and (
            (event.user_key is not None and one.user_key == event.user_key)
            or (event.session_key is not None and one.session_key == event.session_key)
        )
    ]
    for kind, way in (("click", "attributed"), ("impression", "viewthrough")):
        of_kind = [one for one in before if one.type == kind]
        if of_kind:
            return way, list_of(max(of_kind, key=lambda one: (one.occurred_at, one.event_key)))
    return "", ("",) * len(LIST_COLUMNS)


def amounts_of(event: Event, events: Sequence[Event]) -> dict[str, Any]:
    if event.type == "add_to_cart":
        return {"carts": 1}
    if event.type == "wishlist":
        return {"wishes": 1}
    lines = [event]
    if event.order_key is not None:
        lines = [one for one in events if one.type == "purchase" and one.quantity and one.order_key == event.order_key]
    lines.sort(key=lambda one: (one.occurred_at, one.event_key))
    told = leave_out_what_two_have_told(lines)
    if event.quantity == 0 or event not in told:
        return {}
    ranks = ["attributed", "viewthrough", ""]
    leader = min(told, key=lambda one: (ranks.index(credit(one, events)[0]), one.occurred_at, one.event_key))
    return {
        "baskets": int(leader is event),
        "orders": int(next(one for one in lines if one.sku == event.sku) is event),
        "units": event.quantity,
        "revenue": event.quantity * (event.price or 0),
    }


def leave_out_what_two_have_told(lines: Sequence[Event]) -> list[Event]:
    """Return the lines that count, of those of an order in their order: of each kind, as many as one has told."""
    counted, places = [], set()
    told: dict[tuple[Any, ...], int] = defaultdict(int)
    for line in lines:
        kind = (line.sku, line.quantity, line.price, line.currency)
        teller = (line.user_key, line.session_key, line.recommendation_id, line.occurred_at)
        told[(kind, teller)] += 1
        place = (kind, told[(kind, teller)])
        if place not in places:
            places.add(place)
            counted.append(line)
    return counted


def read_counts() -> Counted:
    """Return what the table has, in the same form."""
    rows = DailyCount.objects.values()
    keys = ("day", "sku", *LIST_COLUMNS, "currency")
    found = {
        tuple(row[name] for name in keys): {name: row[name] for name in (*COUNT_COLUMNS, *MONEY_COLUMNS) if row[name]}
        for row in rows
    }
    return {key: row for key, row in found.items() if row}
