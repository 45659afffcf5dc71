"""How long single events are kept, and which of them were of one session; and the months that the table consists of.

Time counts from when an event came in, so that history which was imported stays as long as what is sent. Ids rise with
it: what is old is at the beginning, and nothing else is looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from behaviour.events.event import WRITING, ClearedSessions, EventKey
from behaviour.privacy.tombstone import Tombstone
from catalog.pruning import prune, register_pruner

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
    for name in ("events", "event_keys", "tombstones", "sessions"):
        prune(name, seconds=until - time.monotonic())
    drop_empty_months()


def repeat_batches(step: Callable[[], int]) -> Iterator[int]:
    """Take batches until one is not full."""
    count = BATCH
    while count >= BATCH:
        count = step()
        yield count


@register_pruner("events", title="Events of shoppers", has_own_task=True)
def prune_events(dry_run: bool) -> Iterator[int]:
    """Delete events that came in more than KINDRED_EVENTS_KEPT_DAYS ago."""
    days = settings.KINDRED_EVENTS_KEPT_DAYS
    yield from (_count_old(0, days) if dry_run else repeat_batches(delete_events))


@register_pruner("event_keys", title="Notes of which events have come", has_own_task=True)
def prune_keys(dry_run: bool) -> Iterator[int]:
    """Delete them as long after they came as the events themselves."""
    old = EventKey.objects.filter(received_at__lt=_before(settings.KINDRED_EVENTS_KEPT_DAYS))
    yield from ([old.count()] if dry_run else repeat_batches(delete_keys))


@register_pruner("tombstones", title="Notes of who was erased", has_own_task=True)
def prune_tombstones(dry_run: bool) -> Iterator[int]:
    """Delete them once no event of theirs is young enough to be taken."""
    yield from ([_old_tombstones().count()] if dry_run else repeat_batches(delete_tombstones))


@register_pruner("sessions", title="Events whose session is forgotten", has_own_task=True)
def prune_sessions(dry_run: bool) -> Iterator[int]:
    """Take the session from events that came in more than KINDRED_SESSIONS_KEPT_DAYS ago; counts what is looked at."""
    if dry_run:
        cleared = ClearedSessions.objects.filter(pk=1).values_list("last_event_id", flat=True).first()
        yield from _count_old(cleared or 0, settings.KINDRED_SESSIONS_KEPT_DAYS)
    else:
        yield from repeat_batches(clear_sessions)


def _count_old(after: int, days: int) -> Iterator[int]:
    """Count events that are older and have a higher id, as they would be taken: batch by batch from the beginning."""
    count = BATCH
    while count >= BATCH:
        with connection.cursor() as cursor:
            cursor.execute(OLDEST, [after, BATCH, _before(days)])
            found = cursor.fetchall()
        count = sum(number for _, _, number in found)
        after = max((last for _, last, _ in found), default=after)
        yield count


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
    return Tombstone.objects.filter(pk__in=_old_tombstones().order_by("erased_at").values("pk")[:BATCH]).delete()[0]


def _old_tombstones() -> QuerySet[Tombstone]:
    return Tombstone.objects.filter(erased_at__lt=_before(settings.KINDRED_EVENTS_KEPT_DAYS), is_done=True)


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
