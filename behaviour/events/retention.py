"""How long single events are kept, and which of them were of one session; and the months that the table consists of.

Time counts from when an event came in, so that history which was imported stays as long as what is sent. Ids rise with
it: what is old is at the beginning, and nothing else is looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from behaviour.events.event import WRITING, ClearedSessions
from behaviour.privacy.tombstone import Tombstone

BATCH = 5_000  # rows in a transaction
LOCK_WAIT_MS = 2_000  # for writers, who wait as long for this
AHEAD = timedelta(days=35)  # next month's table is there before its first event

# The first rows by id, each in the table of its month: that is a look at the beginning of each of their indexes.
OLDEST = """
WITH first AS (
    SELECT tableoid::regclass::text AS month, id, received_at FROM behaviour_event WHERE id > %s ORDER BY id LIMIT %s
), young AS (SELECT min(id) AS id FROM first WHERE received_at >= %s)
SELECT month, max(first.id), count(*) FROM first, young WHERE young.id IS NULL OR first.id < young.id GROUP BY month
"""
DELETE = "DELETE FROM {month} WHERE id <= %s"
CLEAR = "UPDATE {month} SET session_key = NULL WHERE id > %s AND id <= %s AND session_key IS NOT NULL"
DELETE_KEYS = """
WITH oldest AS (SELECT key FROM behaviour_eventkey WHERE received_at < %s ORDER BY received_at LIMIT %s),
gone AS (DELETE FROM behaviour_eventkey WHERE key IN (SELECT key FROM oldest) RETURNING 1)
SELECT count(*) FROM gone
"""
MONTHS = """
SELECT part.relname FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
WHERE inhparent = 'behaviour_event'::regclass AND part.relname < %s ORDER BY 1
"""


def keep_retention(*, seconds: float) -> None:
    """Make the next months, and forget what is old, for about so long. What is left waits for the next time."""
    make_months()
    until = time.monotonic() + seconds
    for step in (delete_events, delete_keys, delete_tombstones, clear_sessions):
        repeat(step, until=until)
    drop_empty_months()


def repeat(step: Callable[[], int], *, until: float) -> int:
    """Take batches until one is not full, or the time is over. Returns how many rows that were."""
    total = 0
    while True:
        count = step()
        total += count
        if count < BATCH or time.monotonic() > until:
            return total


def make_months() -> None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT behaviour_make_month(%s), behaviour_make_month(%s)", [now, now + AHEAD])


def delete_events() -> int:
    """Delete a batch of the oldest events, as far as they are too old. Returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(OLDEST, [0, BATCH, _before(settings.KINDRED_EVENTS_KEPT_DAYS)])
        found = cursor.fetchall()
        for month, last, _ in found:
            cursor.execute(DELETE.format(month=month), [last])
    return sum(count for _, _, count in found)


def delete_keys() -> int:
    """Forget a batch of what would tell that an event is sent again: it would be too old to be taken by then."""
    with connection.cursor() as cursor:
        cursor.execute(DELETE_KEYS, [_before(settings.KINDRED_EVENTS_KEPT_DAYS), BATCH])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def delete_tombstones() -> int:
    """Forget a batch of those who were erased so long ago that an event of theirs would be too old to be taken."""
    old = Tombstone.objects.filter(erased_at__lt=_before(settings.KINDRED_EVENTS_KEPT_DAYS), is_done=True)
    return Tombstone.objects.filter(pk__in=old.order_by("erased_at").values("pk")[:BATCH]).delete()[0]


def clear_sessions() -> int:
    """Take the session from a batch of events, which stay. Returns how many were looked at."""
    ClearedSessions.objects.get_or_create(pk=1)
    with transaction.atomic(), connection.cursor() as cursor:
        cleared = ClearedSessions.objects.select_for_update().get()
        cursor.execute(OLDEST, [cleared.last_event_id, BATCH, _before(settings.KINDRED_SESSIONS_KEPT_DAYS)])
        found = cursor.fetchall()
        for month, last, _ in found:
            cursor.execute(CLEAR.format(month=month), [cleared.last_event_id, last])
        if found:
            cleared.last_event_id = max(last for _, last, _ in found)
            cleared.save()
    return sum(count for _, _, count in found)


def drop_empty_months() -> None:
    """Drop the tables of months that are over and have no event any more. Who writes now is waited for a moment."""
    this_month = f"behaviour_event_{datetime.now(UTC):%Y%m}"
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [this_month])
        months = [name for (name,) in cursor.fetchall()]
        empty = [name for name in months if not _has_rows(cursor, name)]
    for name in empty:
        _drop_month(name)


def _drop_month(name: str) -> None:
    """Writers may come between the look and the drop: with their lock it is looked at once more."""
    with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:  # in use: the next time
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_WAIT_MS}ms"])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITING])
        if not _has_rows(cursor, name):
            cursor.execute(f"DROP TABLE {name}")


def _has_rows(cursor: Any, name: str) -> bool:
    cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")
    return bool(cursor.fetchone()[0])


def _before(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)
