"""Loading what was simulated. An event counts once: whoever is cut off begins again, and passes over what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice

from behaviour.demo.simulated import Simulated
from behaviour.events.event import EventKey
from behaviour.events.ingestion import NewEvent, record_events
from behaviour.events.pseudonyms import make_key

BATCH = 2_000  # events: 0.2 s of two busy cores, so that progress is seen


def is_loaded(simulated: Simulated) -> bool:
    """Whether the last event is there."""
    return EventKey.objects.filter(key=make_key("event", simulated.last_event_id())).exists()


def load_events(
    simulated: Simulated,
    *,
    report: Callable[[int], object],
    after_day: Callable[[datetime], object] = lambda day: None,
) -> int:
    """Record all orders, then the visits day by day, and return how many events were new.

    `report` is told of each batch how many it had, `after_day` of each day of visits when its last event was.
    """
    new = record(simulated.read_orders(), report=report)
    for _, events in groupby(simulated.read_visits(), key=lambda event: read_moment(event).date()):
        of_day = list(events)
        new += record(of_day, report=report)
        after_day(read_moment(of_day[-1]))
    return new


def record(events: Iterable[NewEvent], *, report: Callable[[int], object]) -> int:
    """Record events in batches, and return how many were new."""
    new = 0
    for batch in split(events):
        new += len(record_events(batch))
        report(len(batch))
    return new


def split(events: Iterable[NewEvent]) -> Iterator[list[NewEvent]]:
    """Yield them in batches."""
    iterator = iter(events)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def read_moment(event: NewEvent) -> datetime:
    """Return when it was. Simulated events all say so."""
    assert event.occurred_at is not None
    return event.occurred_at
