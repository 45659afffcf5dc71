"""One step: the events after the last that was taken up, all that follows from them, and how far it came."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import connection, transaction

from behaviour.events.event import Event, settled_id
from behaviour.versions.steps.baskets import take_up_baskets
from behaviour.versions.steps.newcomers import lend_to_newcomers
from behaviour.versions.steps.rankings import take_up_sales
from behaviour.versions.version import Status, Version

BATCH = 20_000  # events of a step, one transaction
STEPS_S = 60.0  # no step begins after so long: what is left is taken up by the next


@dataclass(frozen=True)
class Stepped:
    """What steps did."""

    events: int = 0
    rows: int = 0
    newcomers: int = 0


def take_steps(*, seconds: float = STEPS_S) -> Stepped:
    """Bring the live version up to date with the events and products since. Does nothing while somebody else does."""
    until, settled, done = time.monotonic() + seconds, settled_id(), Stepped()
    while (step := take_step(settled)) is not None:
        done = Stepped(done.events + step.events, done.rows + step.rows, done.newcomers + step.newcomers)
        if not step.events or time.monotonic() > until:
            break
    return done


def take_step(settled: int) -> Stepped | None:
    """Take one step in one transaction: who is killed in it has done nothing, and nothing is taken up twice.

    Return what was done; None where no version is live, or another process is at it.
    """
    with transaction.atomic():
        live = Version.objects.filter(status=Status.LIVE).select_for_update(skip_locked=True).first()
        if live is None:
            return None
        after, upto = live.stepped_to, find_end(live.stepped_to, settled)
        events = Event.objects.filter(pk__gt=after, pk__lte=upto).count()
        rows = 0
        if events:
            rows = take_up_baskets(live, after=after, upto=upto)
            take_up_sales(live, after=after, upto=upto)
        newcomers, live.borrowed_to = lend_to_newcomers(live)
        live.stepped_to = upto
        live.save(update_fields=["stepped_to", "borrowed_to"])
    return Stepped(events=events, rows=rows, newcomers=newcomers)


def find_end(after: int, settled: int) -> int:
    """Return the last event of a step. Ids have gaps: it begins at the first event there is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM behaviour_event WHERE id > %s", [after])
        row = cursor.fetchone()
    first = row[0] if row and row[0] is not None else settled + 1
    return max(min(settled, first + BATCH - 1), after)
