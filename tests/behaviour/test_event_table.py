"""The table of events: its months, and what of it is settled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from behaviour.events.event import Event, settled_id
from tests.behaviour.event_rows import add_events

pytestmark = pytest.mark.django_db


def find_months() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM behaviour_event ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def test_events_lie_in_the_month_in_which_they_happened():
    add_events([
        {"sku": "A", "occurred_at": datetime(2010, 12, 31, 23, 59, 59, tzinfo=UTC)},
        {"sku": "B", "occurred_at": datetime(2011, 1, 1, tzinfo=UTC)},
    ])  # fmt: skip
    assert find_months() == ["behaviour_event_201012", "behaviour_event_201101"]
    assert list(Event.objects.values_list("sku", flat=True)) == ["B", "A"]


def test_a_month_is_made_once():
    add_events([{"sku": "A", "occurred_at": datetime(2010, 12, 1, tzinfo=UTC)}])
    add_events([{"sku": "B", "occurred_at": datetime(2010, 12, 31, tzinfo=UTC)}])
    assert find_months() == ["behaviour_event_201012"]


def test_what_is_settled_is_the_newest_event():
    assert settled_id() == 0
    events = add_events([{"sku": "A"}, {"sku": "B"}])
    assert settled_id() == max(event.pk for event in events)
