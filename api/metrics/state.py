"""What is no count: how the shop stands at the moment of a scrape. Read then, so that no process keeps an old value.

    PENDING = StateMetric("kindred_pending_products", "Products in the queue.", labels=("state",))

    @register_reader("queue", PENDING)
    def read_queue() -> Iterator[Reading]:
        yield PENDING.of(12, "due")

A reader costs the same however large the catalogue is. One that fails loses its own metrics alone, and is named in
`kindred_state_readable`; without the database, those that need it are not asked at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from django.db import DatabaseError, InterfaceError, connection
from prometheus_client.core import GaugeMetricFamily

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StateMetric:
    """A gauge. Times are seconds since 1970, durations seconds, sizes bytes."""

    name: str
    what: str
    labels: tuple[str, ...] = ()

    def of(self, value: float, *labels: str) -> Reading:
        return Reading(self, float(value), labels)


class Reading(NamedTuple):
    metric: StateMetric
    value: float
    labels: tuple[str, ...]


Read = Callable[[], Iterable[Reading]]
# What a reader asks: the database, another server of the shop, or the machine that it is on and nobody else.
Needs = Literal["database", "server", "machine"]


@dataclass(frozen=True)
class Reader:
    """Who reads some of the metrics."""

    name: str
    metrics: tuple[StateMetric, ...]
    read: Read
    needs: Needs


readers: dict[str, Reader] = {}
READABLE = StateMetric("kindred_state_readable", "1 where the metrics of a reader could be read, else 0.", ("reader",))
DATABASE_UP = StateMetric("kindred_database_up", "1 where the database answers, else 0.")


def register_reader(name: str, *metrics: StateMetric, needs: Needs = "database") -> Callable[[Read], Read]:
    """Register who reads these metrics, under the name that `kindred_state_readable` has."""

    def register(read: Read) -> Read:
        readers[name] = Reader(name, metrics, read, needs)
        return read

    return register


class StateCollector:
    """Reads everything, one reader after another; or what is of this machine alone."""

    def __init__(self, *, of_machine: bool = False) -> None:
        self.of_machine = of_machine

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for metric, value, labels in self.read():
            if metric.name not in families:
                families[metric.name] = GaugeMetricFamily(metric.name, metric.what, labels=metric.labels)
            families[metric.name].add_metric(labels, value)
        yield from families.values()

    def read(self) -> Iterator[Reading]:
        has_database = not self.of_machine and database_answers()
        if not self.of_machine:
            yield DATABASE_UP.of(has_database)
        for reader in readers.values():
            if self.of_machine and reader.needs != "machine":
                continue
            readings = None if reader.needs == "database" and not has_database else read_quietly(reader)
            yield READABLE.of(readings is not None, reader.name)
            yield from readings or ()


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The metrics lack what the database knows: %s", error)
        return False
    return True


def read_quietly(reader: Reader) -> list[Reading] | None:
    """Return what a reader finds, None where it fails: in as many ways as its server has."""
    try:
        return list(reader.read())
    except Exception:
        logger.warning("The metrics of %r cannot be read.", reader.name, exc_info=True)
        return None
