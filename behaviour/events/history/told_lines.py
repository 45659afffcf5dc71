"""Lines of orders that are recorded already because another has told them: the shop's page, its server, another export.

Their events have other ids. What tells that they are the same is the order, the product and the number of pieces: where
one has told such a line twice and the other once, it is there twice. Prices and moments are written in too many ways.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection

from behaviour.events.event import Event
from behaviour.events.history.repeats import Repeats
from behaviour.events.ingestion import NewEvent
from behaviour.events.pseudonyms import make_key

NEAR = timedelta(days=31)  # that two may differ in when it was; shops that begin anew with their numbers do so later
MADE = "import:"  # ids that we have made: who gives events ids of their own says by them which are the same
READ = """
SELECT order_key, sku, quantity, user_key, count(*) FROM behaviour_event
WHERE type = 'purchase' AND order_key = ANY(%s) AND occurred_at BETWEEN %s AND %s GROUP BY 1, 2, 3, 4
"""
Known = dict[tuple[str, str, int], Counter[UUID | None]]  # by the order as the file calls it: how many lines of whom


class ToldLines:
    """Looks for the lines of one file, in their order."""

    def __init__(self) -> None:
        self.repeats = Repeats()

    def find(self, events: Sequence[NewEvent]) -> set[str]:
        """Return the ids of those that are there already. To be asked once for each event."""
        lines = [event for event in events if is_line(event)]
        known = read_known(lines) if lines else {}
        return {event.event_id for event in lines if self._count(event) < count_known(event, known)}

    def _count(self, event: NewEvent) -> int:
        """Return how many lines like it came before it in the file."""
        content = "\x1f".join((event.order_id, event.sku, str(event.quantity)))
        return self.repeats.count(hashlib.sha256(content.encode()).digest())


def is_line(event: NewEvent) -> bool:
    return event.type == Event.Kind.PURCHASE and bool(event.order_id) and event.event_id.startswith(MADE)


def read_known(lines: Sequence[NewEvent]) -> Known:
    """Return what is recorded of their orders, at about the time that they say. One query."""
    moments = [line.occurred_at for line in lines if line.occurred_at]
    orders = {make_key("order", name): name for name in {line.order_id for line in lines}}
    known: Known = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(READ, [list(orders), min(moments) - NEAR, max(moments) + NEAR])
        for order, sku, quantity, user, count in cursor.fetchall():
            known[orders[order], sku, quantity][user] += count
    return known


def count_known(event: NewEvent, known: Known) -> int:
    """Return how many lines like it are recorded that nobody else is known to have bought."""
    lines = known.get((event.order_id, event.sku, event.quantity))
    if not lines:
        return 0
    user = make_key("user", event.user_id) if event.user_id else None
    return sum(count for whose, count in lines.items() if user is None or whose in (None, user))
