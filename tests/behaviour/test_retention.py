"""Single events are forgotten in time, counted from when they came in, and sessions earlier; what is younger stays."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from behaviour.events import retention
from behaviour.events.event import Event, EventKey
from behaviour.events.pseudonyms import make_key
from catalog.pruning import prune
from tests.behaviour.event_rows import add_events

pytestmark = pytest.mark.django_db
SESSION = make_key("session", "s")
LONG_AGO = datetime(2010, 12, 1, tzinfo=UTC)


def add_received(*days: float, **values) -> None:
    """Events that came in so many days ago, in this order."""
    now = timezone.now()
    add_events([{"received_at": now - timedelta(days=age), "session_key": SESSION, **values} for age in days])


def read_ages() -> list[int]:
    return [(timezone.now() - event.received_at).days for event in Event.objects.order_by("id")]


def find_months() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'behaviour_event'::regclass")
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)


def test_what_came_in_long_ago_is_deleted_and_what_happened_long_ago_is_not(settings):
    settings.KINDRED_EVENTS_KEPT_DAYS = 100
    add_received(*[101] * 7, occurred_at=LONG_AGO)
    add_received(101, 100.5)
    add_received(99, 5, occurred_at=LONG_AGO)
    retention.keep_retention(seconds=60)
    assert read_ages() == [99, 5]


def test_a_batch_is_bounded_and_so_is_the_time():
    add_received(*[401] * 7)
    assert retention.delete_events() == 3
    retention.keep_retention(seconds=-1)
    assert len(read_ages()) == 1


def test_what_tells_that_an_event_is_sent_again_goes_with_it():
    now = timezone.now()
    for number in range(5):
        EventKey.objects.create(
            key=make_key("event", f"e{number}"), received_at=now - timedelta(days=401 - number * 0.5)
        )
    retention.keep_retention(seconds=60)
    kept = set(EventKey.objects.values_list("key", flat=True))
    assert kept == {make_key("event", f"e{number}") for number in (3, 4)}


def test_a_session_is_forgotten_and_its_events_stay(settings):
    settings.KINDRED_SESSIONS_KEPT_DAYS = 30
    user = make_key("user", "u")
    add_received(*[31] * 5, user_key=user, occurred_at=LONG_AGO)
    add_received(31, 29, 31)  # the last came in before the one that stands before it
    retention.keep_retention(seconds=60)
    rows = list(Event.objects.order_by("id").values_list("session_key", "user_key"))
    assert rows == [(None, user)] * 5 + [(None, None), (SESSION, None), (SESSION, None)]
    Event.objects.filter(session_key=SESSION).update(received_at=timezone.now() - timedelta(days=31))
    add_received(1)
    retention.keep_retention(seconds=60)
    assert Event.objects.filter(session_key=SESSION).count() == 1
    assert Event.objects.count() == 9


def test_what_was_cleared_is_not_looked_at_again():
    add_received(*[31] * 5)
    retention.keep_retention(seconds=60)
    assert retention.clear_sessions() == 0
    with CaptureQueriesContext(connection) as asked:
        retention.clear_sessions()
    assert [one["sql"] for one in asked if one["sql"].startswith("UPDATE")] == []


def test_the_next_month_is_made_before_it_begins_and_empty_ones_that_are_over_go():
    add_received(401, occurred_at=LONG_AGO)
    add_received(1, occurred_at=LONG_AGO + timedelta(days=40))
    assert {"behaviour_event_201012", "behaviour_event_201101"} <= find_months()
    retention.keep_retention(seconds=60)
    now = datetime.now(UTC)
    coming = {f"behaviour_event_{moment:%Y%m}" for moment in (now, now + retention.AHEAD)}
    assert find_months() == {"behaviour_event_201101", *coming}
    add_received(1, occurred_at=LONG_AGO)
    assert "behaviour_event_201012" in find_months()


@pytest.mark.django_db(transaction=True)
def test_a_month_into_which_somebody_writes_is_not_dropped(monkeypatch):
    """Between the look and the drop an event comes in: its writer holds the lock that the drop waits for."""
    add_received(1, occurred_at=LONG_AGO)
    Event.objects.all().delete()
    drop, wrote = retention._drop_month, []

    def write() -> None:
        add_received(1, occurred_at=LONG_AGO)
        wrote.append(True)
        connection.close()

    def drop_after_somebody_wrote(name: str) -> None:
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        drop(name)

    monkeypatch.setattr(retention, "_drop_month", drop_after_somebody_wrote)
    retention.drop_empty_months()
    assert wrote  # once for each month that was empty, others' of earlier tests among them
    assert Event.objects.count() == len(wrote)


def test_no_step_reads_more_than_it_takes():
    """Of each month the beginning of an index, however many events there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT behaviour_make_month(now()), behaviour_make_month('2010-12-01')")
        cursor.execute(
            "INSERT INTO behaviour_event (event_key, type, sku, occurred_at, received_at) SELECT gen_random_uuid(), "
            "'view', 'A', CASE WHEN n % 2 = 0 THEN now() ELSE '2010-12-01' END, now() FROM generate_series(1, 20000) n"
        )
        cursor.execute("ANALYZE behaviour_event")
        cursor.execute(f"EXPLAIN {retention.OLDEST}", [0, 3, timezone.now()])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on behaviour_event_" not in plan, plan
    assert plan.count("Index") >= 2, plan


def test_a_dry_run_counts_what_would_go_and_deletes_nothing():
    add_received(*[401] * 7, 31, 5)
    assert [prune(name, dry_run=True) for name in ("events", "sessions")] == [7, 8]
    assert len(read_ages()) == 9
    assert [prune(name) for name in ("events", "sessions")] == [7, 1]
    assert (read_ages(), prune("sessions", dry_run=True)) == ([31, 5], 0)
