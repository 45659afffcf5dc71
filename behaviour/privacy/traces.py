"""Which events are of a user: their own, and those of nobody known in a session or an order that is theirs alone.

What was looked at before somebody signed in is theirs. On a computer that two people share, a session holds events of
both: what nobody signed in for may be of either, so that it is neither shown to one nor erased for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from behaviour.events.event import Event

LINKS = """
SELECT own.key FROM (SELECT DISTINCT {column} AS key FROM behaviour_event
    WHERE user_key = %(user)s AND {column} IS NOT NULL) AS own
WHERE NOT EXISTS (SELECT FROM behaviour_event WHERE {column} = own.key AND user_key <> %(user)s)
ORDER BY 1
"""
SESSION, ORDER = "session_key", "order_key"


@dataclass(frozen=True)
class Traces:
    """By what a user's events are found."""

    user_key: UUID
    sessions: Sequence[UUID]  # in which nobody else was known
    orders: Sequence[UUID]

    def find_events(self) -> QuerySet[Event]:
        """Return all events that are of this user."""
        linked = Q(session_key__in=self.sessions) | Q(order_key__in=self.orders)
        return Event.objects.filter(Q(user_key=self.user_key) | (Q(user_key=None) & linked))


def find_traces(user_key: UUID) -> Traces:
    """Return what is linked to a user now."""
    return Traces(user_key, sessions=_find_links(SESSION, user_key), orders=_find_links(ORDER, user_key))


def _find_links(column: str, user_key: UUID) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(LINKS.format(column=column), {"user": user_key})
        return [key for (key,) in cursor.fetchall()]
