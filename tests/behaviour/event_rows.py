"""Events as rows of the table, for tests that are not about how they come in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from behaviour.events.event import Event


def add_events(rows: Iterable[dict[str, Any]]) -> list[Event]:
    """Write them as they are; what a row does not say is that it is a purchase, now, by nobody known."""
    now = timezone.now()
    filled = [
        {"event_key": uuid4(), "type": "purchase", "sku": "", "occurred_at": now, "received_at": now, **row}
        for row in rows
    ]
    with connection.cursor() as cursor:
        for moment in {row["occurred_at"] for row in filled}:
            cursor.execute("SELECT behaviour_make_month(%s)", [moment])
    return Event.objects.bulk_create([Event(**row) for row in filled])
