"""Counting events by day, in small steps, each event exactly once.

A step takes the events after the last one that is counted, adds them up and moves on, in one transaction: whoever is
killed in the midst has counted nothing. What an event adds to the counts depends on nothing but which events are known,
never on the order in which they came. Shown, clicked and seen are simply added up. Whom a purchase is credited to
depends on clicks that may come later than itself, from a phone that was offline: a step takes back what it had added
for purchases that new events could concern, and adds what they come to now.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from behaviour.events.event import settled_id
from behaviour.reports.attribution import CREDITED, FIND_CREDITED, GIVING, read_window
from behaviour.reports.daily_counts import COUNT_COLUMNS, LIST_COLUMNS, MONEY_COLUMNS, Counting
from behaviour.reports.order_lines import number_copies, number_told

BATCH = 50_000  # events of a step; it takes 1 to 2 s and, sorted and grouped, some 50 MB of Postgres
EVENT = (
    "id, event_key, type, sku, user_key, session_key, order_key, quantity, price, currency, recommendation_id, "
    "placement, strategy, space, experiment, arm, occurred_at"
)
LIST = ", ".join(LIST_COLUMNS)
SUMS = (*COUNT_COLUMNS, *MONEY_COLUMNS)

# Events that are counted already, and whose credit may be another one now: of people who, as is known only now, were
# shown something or clicked before; and other lines of orders that have new lines. (OFFSET 0: by index, one by one.)
# What came in before the keys of its session may have been cleared stays as it was counted: it could not be taken back.
_OF_PERSON = f"""
SELECT late.* FROM (
    SELECT {{key}}, min(occurred_at) AS first, max(occurred_at) AS last FROM fresh
    WHERE {{key}} IS NOT NULL AND type = ANY(%(giving)s) GROUP BY {{key}}
) AS person, LATERAL (
    SELECT {EVENT} FROM behaviour_event WHERE {{key}} = person.{{key}} AND type = ANY(%(credited)s)
    AND occurred_at BETWEEN person.first AND person.last + %(window)s AND id <= %(after)s
    AND received_at > %(known_since)s OFFSET 0
) AS late"""
# Of lines that two have told one counts (`order_lines`). Lines of a product that differ are added up, and are one order
# of it. The order itself counts once, with its line that leads: the first that is credited to a click, else to an
# impression, else the first.
_LINES = f"""
SELECT id, upto, row_number() OVER (PARTITION BY upto, order_key, sku ORDER BY occurred_at, event_key) AS place,
    {number_copies("upto")}
FROM (
    SELECT *, {number_told("upto")}
    FROM (
        SELECT DISTINCT order_key AS wanted FROM judged WHERE type = 'purchase' AND order_key IS NOT NULL
    ) AS ordered, LATERAL (
        SELECT id, order_key, sku, quantity, price, currency, user_key, session_key, recommendation_id, occurred_at,
            event_key FROM behaviour_event
        WHERE order_key = wanted AND type = 'purchase' AND quantity > 0 OFFSET 0
    ) AS line, (VALUES (%(after)s::bigint), (%(upto)s::bigint)) AS known(upto)
    WHERE id <= upto
) AS told"""


def _of_list(column: str) -> str:
    """SQL: a column of the list that is credited."""
    return f"CASE WHEN own THEN judged.{column} ELSE coalesce(credited.{column}, '') END AS {column}"


_CREDITS = f"""
SELECT (judged.occurred_at AT TIME ZONE %(zone)s)::date AS day, judged.sku, judged.type, judged.sign,
    {", ".join(map(_of_list, LIST_COLUMNS))},
    CASE WHEN judged.type = 'purchase' AND judged.price IS NOT NULL THEN judged.currency ELSE '' END AS currency,
    CASE WHEN own THEN 'click' ELSE coalesce(credited.type, '') END AS by,
    (coalesce(line.place, 1) = 1)::int AS opens, (row_number() OVER (
        PARTITION BY judged.upto, judged.type, coalesce(judged.order_key, judged.event_key)
        ORDER BY CASE WHEN own THEN 'click' ELSE credited.type END, judged.occurred_at, judged.event_key
    ) = 1)::int AS leads, judged.quantity, judged.quantity * coalesce(judged.price, 0) AS paid
FROM judged
LEFT JOIN lines AS line ON line.id = judged.id AND line.upto = judged.upto
LEFT JOIN {FIND_CREDITED} ON NOT own
WHERE judged.type <> 'purchase' OR (judged.quantity > 0 AND coalesce(line.copy, 1) = 1)"""


# What each column of counts is of, and how much one event of that kind adds.
SHOWN = {"impressions": "impression", "clicks": "click", "views": "view"}
DONE = {
    "carts": ("add_to_cart", "1"),
    "wishes": ("wishlist", "1"),
    "baskets": ("purchase", "leads"),
    "orders": ("purchase", "opens"),
    "units": ("purchase", "quantity"),
    "revenue": ("purchase", "paid"),
}
WAYS = {"": "", "attributed": " AND by = 'click'", "viewthrough": " AND by = 'impression'"}


def _add_shown(column: str) -> str:
    """SQL: what an event of `fresh` adds to a column as it stands."""
    return f"(type = '{SHOWN[column]}')::int" if column in SHOWN else "0"


def _add_credit(column: str) -> str:
    """SQL: what a row of `credits` adds to a column, or takes back."""
    way, _, what = column.rpartition("_")
    if what not in DONE:
        return "0"
    kind, amount = DONE[what]
    return f"CASE WHEN type = '{kind}'{WAYS[way]} THEN sign * {amount} ELSE 0 END"


_ADDED = f"""
SELECT (occurred_at AT TIME ZONE %(zone)s)::date AS day, sku, {LIST}, '' AS currency, {", ".join(map(_add_shown, SUMS))}
FROM fresh WHERE type = ANY(%(shown)s)
UNION ALL SELECT day, sku, {LIST}, currency, {", ".join(map(_add_credit, SUMS))} FROM credits"""
COUNT = f"""
WITH fresh AS MATERIALIZED (
    SELECT {EVENT} FROM behaviour_event WHERE id > %(after)s AND id <= %(upto)s
), recalled AS MATERIALIZED (
    {_OF_PERSON.format(key="user_key")} UNION {_OF_PERSON.format(key="session_key")}
), touched AS MATERIALIZED (
    SELECT * FROM recalled UNION SELECT line.* FROM (
        SELECT order_key FROM fresh WHERE type = 'purchase' AND order_key IS NOT NULL
        UNION SELECT order_key FROM recalled WHERE type = 'purchase' AND order_key IS NOT NULL
    ) AS ordered, LATERAL (
        SELECT {EVENT} FROM behaviour_event
        WHERE order_key = ordered.order_key AND type = 'purchase' AND id <= %(after)s
        AND received_at > %(known_since)s OFFSET 0
    ) AS line
), judged AS MATERIALIZED (
    SELECT *, %(upto)s::bigint AS upto, 1 AS sign, recommendation_id <> '' AS own FROM fresh
    WHERE type = ANY(%(credited)s)
    UNION ALL SELECT *, %(upto)s, 1, recommendation_id <> '' FROM touched
    UNION ALL SELECT *, %(after)s, -1, recommendation_id <> '' FROM touched
), lines AS MATERIALIZED ({_LINES}
), credits AS ({_CREDITS}
), added AS (
    SELECT day, sku, {LIST}, currency, {", ".join(f"sum({name}) AS {name}" for name in SUMS)}
    FROM ({_ADDED}) AS one (day, sku, {LIST}, currency, {", ".join(SUMS)})
    GROUP BY day, sku, {LIST}, currency
), written AS (
    INSERT INTO behaviour_dailycount AS kept (day, sku, {LIST}, currency, {", ".join(SUMS)})
    SELECT * FROM added WHERE ({", ".join(SUMS)}) <> ({", ".join("0" for _ in SUMS)})
    ON CONFLICT (day, sku, {LIST}, currency)
    DO UPDATE SET {", ".join(f"{name} = kept.{name} + excluded.{name}" for name in SUMS)}
    RETURNING day
), marked AS (
    INSERT INTO behaviour_countedday (day, is_stale) SELECT DISTINCT day, true FROM written
    ON CONFLICT (day) DO UPDATE SET is_stale = true
)
SELECT count(*) FROM fresh
"""


def count_new_events(*, report: Callable[[int], object] | None = None, seconds: float | None = None) -> int:
    """Count all events that are settled and not counted yet, and return how many that was.

    `report` is called with the number of each step. With `seconds` no step begins after so long, and nothing is done
    while somebody else counts; without, it is waited for.
    """
    until = None if seconds is None else time.monotonic() + seconds
    settled, counted = settled_id(), 0
    while until is None or time.monotonic() < until:
        count = count_step(settled=settled, waits=seconds is None)
        if count is None:
            break
        counted += count
        if report is not None:
            report(count)
    return counted


def count_step(*, settled: int, waits: bool = True) -> int | None:
    """Count the next events up to `settled`, BATCH at most, and return how many they were.

    None: there are none left or, unless it `waits`, somebody else is at it.
    """
    if not Counting.objects.filter(pk=1).exists():  # an insert alone would wait for whoever holds the row
        Counting.objects.bulk_create([Counting(pk=1)], ignore_conflicts=True)
    with transaction.atomic(), connection.cursor() as cursor:
        after = take_turn(cursor, waits=waits)
        if after is None:
            return None
        first = find_first(cursor, after=after)
        if first is None or first > settled:
            return None
        upto = min(settled, first + BATCH - 1)
        cursor.execute("SET LOCAL jit = off")  # it would compile for every month of events
        cursor.execute(COUNT, _parameters(after=after, upto=upto))
        (count,) = cursor.fetchone() or (0,)
        cursor.execute("UPDATE behaviour_counting SET last_event_id = %s, counted_at = now() WHERE id = 1", [upto])
    return int(count)


def take_turn(cursor: Any, *, waits: bool) -> int | None:
    """Lock the row of `Counting` until the transaction ends. Returns the last event that is counted; None: locked."""
    turn = "SELECT last_event_id FROM behaviour_counting WHERE id = 1 FOR UPDATE"
    cursor.execute(turn if waits else f"{turn} SKIP LOCKED")
    row = cursor.fetchone()
    return None if row is None else int(row[0])


def find_first(cursor: Any, *, after: int) -> int | None:
    """Return the first event after one: ids have gaps, and none may be as long as a batch."""
    cursor.execute("SELECT min(id) FROM behaviour_event WHERE id > %s", [after])
    row = cursor.fetchone()
    return row[0] if row else None


def _parameters(*, after: int, upto: int) -> dict[str, Any]:
    return {
        "after": after,
        "upto": upto,
        "window": read_window(),
        "zone": settings.TIME_ZONE,
        "known_since": timezone.now() - timedelta(days=settings.KINDRED_SESSIONS_KEPT_DAYS) + read_window(),
        "credited": [str(kind) for kind in CREDITED],
        "giving": [str(kind) for kind in GIVING],
        "shown": list(SHOWN.values()),
    }
