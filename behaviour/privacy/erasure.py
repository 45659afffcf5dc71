"""Erasing a user: nothing reads them from the first moment, and what is written of them meanwhile is not left behind.

First comes the tombstone, and with it, in one transaction, what lists and experiments read goes. Whoever writes events
from then on refuses theirs; those who began before are waited for. Only then are the events looked for and deleted, in
batches: first those that are theirs by a session or an order alone, since nothing would lead to them afterwards. So it
can be broken off anywhere, and goes on by being asked for again, or by beat.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from behaviour.events.event import settled_id
from behaviour.events.pseudonyms import make_key
from behaviour.experiments.erasing import erase_units
from behaviour.experiments.experiment import Experiment
from behaviour.privacy.tombstone import Tombstone
from behaviour.privacy.traces import ORDER, SESSION, Traces, find_traces
from behaviour.versions.version import Profile
from behaviour.versions.writing import PROFILES_LOCK
from embeddings.spaces.locks import lock_until_commit

BATCH = 5_000  # events in a transaction
DELETE_OWN = """
DELETE FROM behaviour_event WHERE user_key = %(key)s
AND id IN (SELECT id FROM behaviour_event WHERE user_key = %(key)s LIMIT %(batch)s)
"""
DELETE_LINKED = """
DELETE FROM behaviour_event WHERE {column} = ANY(%(keys)s) AND user_key IS NULL AND id IN (
    SELECT id FROM behaviour_event WHERE {column} = ANY(%(keys)s) AND user_key IS NULL LIMIT %(batch)s)
"""


class Erased(TypedDict):
    """How much was erased, by kind."""

    events: int
    sessions: int
    profiles: int
    assignments: int
    answers: int


def erase_user(user_id: str) -> tuple[Erased, datetime]:
    """Erase all that is known of a user, by what the app calls them. Returns how much that was, and when it began."""
    return erase_key(make_key("user", user_id))


def erase_key(user_key: UUID) -> tuple[Erased, datetime]:
    """Erase all that is known of a user, by their pseudonym."""
    erased_at = timezone.now()
    profiles, units = _bury(user_key, erased_at=erased_at)
    wait_for_writers()
    traces = find_traces(user_key)
    _add_tombstones([*traces.sessions, *traces.orders], erased_at=erased_at, is_done=True)
    wait_for_writers()
    events = _delete_events(traces)
    units += _erase_counted([user_key, *traces.sessions])
    Tombstone.objects.filter(pk=user_key).update(is_done=True)
    # No answer that is kept is of a person: lists for people are made anew each time, and nothing stores them.
    found = Erased(events=events, sessions=len(traces.sessions), profiles=profiles, assignments=units, answers=0)
    return found, erased_at


def finish_erasures() -> None:
    """Go on with erasures that were broken off."""
    for user_key in Tombstone.objects.filter(is_done=False).values_list("pk", flat=True):
        erase_key(user_key)


def wait_for_writers() -> None:
    """Wait for those who may have looked for tombstones before the last was there. Who comes later sees it."""
    settled_id()


@transaction.atomic
def _bury(user_key: UUID, *, erased_at: datetime) -> tuple[int, int]:
    """Put up the tombstone, and delete what is read of a user elsewhere. Returns how many profiles and units."""
    lock_until_commit(PROFILES_LOCK)  # who writes profiles is done, or has not looked for tombstones yet
    _add_tombstones([user_key], erased_at=erased_at, is_done=False)
    profiles, _ = Profile.objects.filter(user_key=user_key).delete()
    return profiles, erase_units([user_key])


def _add_tombstones(keys: Iterable[UUID], *, erased_at: datetime, is_done: bool) -> None:
    Tombstone.objects.bulk_create(
        [Tombstone(key=key, erased_at=erased_at, is_done=is_done) for key in sorted(keys)],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["erased_at", "is_done"],
        batch_size=BATCH,
    )


def _delete_events(traces: Traces) -> int:
    linked = _delete_linked(SESSION, traces.sessions) + _delete_linked(ORDER, traces.orders)
    return linked + _delete_in_batches(DELETE_OWN, {"key": traces.user_key})


def _delete_linked(column: str, keys: Sequence[UUID]) -> int:
    return _delete_in_batches(DELETE_LINKED.format(column=column), {"keys": list(keys)}) if keys else 0


def _delete_in_batches(statement: str, asked: dict[str, Any]) -> int:
    total = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, asked | {"batch": BATCH})
            count = int(cursor.rowcount)
        total += count
        if count < BATCH:
            return total


@transaction.atomic
def _erase_counted(keys: Sequence[UUID]) -> int:
    """Delete what was counted of events before they were gone. Who counts holds the row of the experiment."""
    list(Experiment.objects.select_for_update().order_by("pk").values_list("pk"))
    return erase_units(keys)
