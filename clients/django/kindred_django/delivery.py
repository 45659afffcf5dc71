"""Sends what is in the outbox: products first, so that no event is about one that Kindred does not know."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from kindred_django.api import Refused, Unavailable, ask, read_reason
from kindred_django.configuration import configuration
from kindred_django.counts import Counts
from kindred_django.mirror import mirror_products
from kindred_django.models import Outgoing
from kindred_django.sources import ProductSource, all_sources
from kindred_django.turns import HeldTurn, take_turn

logger = logging.getLogger("kindred_django")

EVENTS = 500  # in one request


def deliver_queued(*, seconds: float = float("inf"), ask_anyway: bool = False) -> Counts:
    """Send all that is queued, for some seconds. Raises Busy and Unavailable; what was not sent stays queued."""
    counts = Counts()
    if Outgoing.objects.exists():
        with take_turn(ask_anyway=ask_anyway) as turn:
            deliver(turn, counts, until=time.monotonic() + seconds)
    return counts


def deliver(turn: HeldTurn, counts: Counts, *, until: float = float("inf")) -> None:
    """Send all that is queued, in a turn that is held. Rows that are added meanwhile are sent too."""
    while time.monotonic() < until:
        if not (deliver_products(turn, counts) or deliver_events(turn, counts)):
            return


def deliver_products(turn: HeldTurn, counts: Counts) -> bool:
    """Send some products that are queued. Returns whether there were any."""
    rows = list(Outgoing.objects.exclude(source="").order_by("pk")[: configuration().batch_size])
    sources = all_sources()
    for name, group in itertools.groupby(sorted(rows, key=lambda row: row.source), key=lambda row: row.source):
        keys = list(dict.fromkeys(row.key for row in group))
        if name in sources:
            source = sources[name]
            mirror_products(source, read_products(source, keys), keys=keys, turn=turn, counts=counts)
        else:
            logger.warning("KINDRED['SOURCES'] has no %s any more: %d changes are not sent.", name, len(keys))
    Outgoing.objects.filter(pk__in=[row.pk for row in rows]).delete()  # what was saved meanwhile has rows of its own
    return bool(rows)


def read_products(source: ProductSource, keys: Sequence[str]) -> list[Any]:
    """Return the products of these keys. A key that is none holds up no other, and has no product."""
    try:
        return list(source.read(keys))
    except (ValueError, ValidationError):
        if len(keys) == 1:
            logger.warning("%s cannot be asked for %r.", source.name, keys[0])
            return []
        return [product for key in keys for product in read_products(source, [key])]


def deliver_events(turn: HeldTurn, counts: Counts) -> bool:
    """Send some events. Returns whether there were any."""
    rows = list(Outgoing.objects.filter(source="").order_by("pk")[:EVENTS])
    if rows:
        send_events([row.event for row in rows], turn=turn, counts=counts)
        Outgoing.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return bool(rows)


def send_events(events: Sequence[Any], *, turn: HeldTurn, counts: Counts) -> None:
    """Send events, in two halves where Kindred does not take them as they are. Raises Unavailable."""
    turn.renew()
    try:
        answer = ask("POST", "events/", body={"events": events})
    except Refused as error:
        if len(events) > 1:
            middle = len(events) // 2
            send_events(events[:middle], turn=turn, counts=counts)
            send_events(events[middle:], turn=turn, counts=counts)
        else:
            counts.lose_event(events[0], str(error))
        return
    try:
        counts.events += answer["recorded"] + answer["duplicates"]
        for rejected in answer["rejected"]:
            counts.lose_event(events[rejected["index"]], read_reason(rejected))
    except (KeyError, TypeError, IndexError):
        raise Unavailable(f"{configuration().url} answers events in a way that is not Kindred's.") from None
