"""Totals of days, by category: what pages and reports read. They are made anew from the counts of the products.

The category is the one that a product is in now, all below its top level taken together, also for what happened before
it was moved: each run makes the totals of some unchanged days anew as well, the oldest first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

from django.db import connection, transaction

from behaviour.reports.counting import count_new_events, take_turn
from behaviour.reports.daily_counts import COUNT_COLUMNS, LIST_COLUMNS, MONEY_COLUMNS

COUNTING_SHARE = 0.75  # of the time; totals of today, which come first, take a second or some
OLD_DAYS = 2  # made anew by each run, without need: with one a minute, 400 days take three hours and a half

LIST = ", ".join(LIST_COLUMNS)
SUMS = (*COUNT_COLUMNS, *MONEY_COLUMNS)
CLEAR = "DELETE FROM behaviour_dailytotal WHERE day = %s"
ADD_UP = f"""
INSERT INTO behaviour_dailytotal (day, category, {LIST}, currency, {", ".join(SUMS)})
SELECT counted.day, coalesce(split_part(category.path, '/', 1), ''), {LIST}, counted.currency,
    {", ".join(f"sum({name})" for name in SUMS)}
FROM behaviour_dailycount AS counted
LEFT JOIN catalog_product AS product ON product.sku = counted.sku
LEFT JOIN catalog_category AS category ON category.id = product.category_id
WHERE counted.day = %s
GROUP BY counted.day, 2, {LIST}, counted.currency
"""
NOTE = "UPDATE behaviour_countedday SET is_stale = false, totalled_at = clock_timestamp() WHERE day = %s"
STALE = "SELECT day FROM behaviour_countedday WHERE is_stale ORDER BY day DESC LIMIT 1"
OLDEST = "SELECT day FROM behaviour_countedday WHERE NOT is_stale ORDER BY totalled_at LIMIT 1"


def keep_counts(*, seconds: float) -> None:
    """Count what is new, and make the totals of days anew, for about so long. The beat's work of a minute."""
    until = time.monotonic() + seconds
    count_new_events(seconds=COUNTING_SHARE * seconds)
    while time.monotonic() < until and total_day(STALE) is not None:
        pass
    for _ in range(OLD_DAYS if time.monotonic() < until else 0):
        total_day(OLDEST)


def count_all(*, report: Callable[[int], object] | None = None) -> tuple[int, int]:
    """Count what is new and make all totals that have changed, however long it takes. Returns how many events, days."""
    return count_new_events(report=report), total_stale_days()


def total_stale_days() -> int:
    """Make the totals of all days that have changed. Returns how many days that were."""
    count = 0
    while total_day(STALE) is not None:
        count += 1
    return count


def total_day(which: str) -> date | None:
    """Make the totals of one day, found by the SQL `which`. None: there is no such day."""
    with transaction.atomic(), connection.cursor() as cursor:
        if take_turn(cursor, waits=True) is None:  # nothing was ever counted
            return None
        cursor.execute(which)
        row = cursor.fetchone()
        if row is None:
            return None
        day: date = row[0]
        for statement in (CLEAR, ADD_UP, NOTE):
            cursor.execute(statement, [day])
    return day
