"""Events are written once each, with pseudonyms, whoever else writes at the same moment."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from behaviour.events import ingestion
from behaviour.events.event import Event, EventKey, settled_id
from behaviour.events.ingestion import NewEvent, record_events
from behaviour.events.pseudonyms import make_key
from recommendations.tokens import Token, make_token

pytestmark = pytest.mark.django_db
MOMENT = datetime(2025, 3, 31, 23, 59, 59, 250_000, tzinfo=UTC)
SENT = NewEvent(
    event_id="e1", type="purchase", sku="A\t\\N", user_id="u", session_id="s", order_id="o", quantity=3,
    price=Decimal("12.345"), currency="KWD", recommendation_id="r", strategy="similar", placement="widget",
    space="fused", experiment="x", arm="b", position=2, query="a\nb", consent="analytics", occurred_at=MOMENT,
)  # fmt: skip


def new_view(event_id: str, **values) -> NewEvent:
    return NewEvent(**{"event_id": event_id, "type": "view", "sku": "A", **values})


def test_all_of_an_event_is_written_and_ids_as_pseudonyms():
    before = now()
    assert record_events([SENT]) == {"e1"}
    row = Event.objects.values().get()
    received_at = row.pop("received_at")
    assert before <= received_at <= now()
    assert row.pop("id") == settled_id()
    assert row == {
        "event_key": make_key("event", "e1"), "type": "purchase", "sku": "A\t\\N", "user_key": make_key("user", "u"),
        "session_key": make_key("session", "s"), "order_key": make_key("order", "o"), "quantity": 3,
        "price": Decimal("12.3450"), "currency": "KWD", "recommendation_id": "r", "strategy": "similar",
        "placement": "widget", "space": "fused", "experiment": "x", "arm": "b", "position": 2, "query": "a\nb",
        "consent": "analytics", "occurred_at": MOMENT,
    }  # fmt: skip
    assert list(EventKey.objects.values_list("key", "received_at")) == [(make_key("event", "e1"), received_at)]


def test_what_an_event_does_not_say_is_empty_and_it_happened_now():
    record_events([NewEvent(event_id="e", type="search", query="mug")])
    row = Event.objects.get()
    assert (row.sku, row.user_key, row.session_key, row.order_key, row.price, row.position) == ("", *[None] * 5)
    assert (row.quantity, row.consent) == (1, "none")
    assert row.occurred_at == row.received_at


@pytest.mark.parametrize(("consent", "kept"), [("personalisation", 3), ("analytics", 3), ("none", 0)])
def test_without_consent_nothing_that_identifies_is_kept(consent, kept):
    record_events([new_view("e", user_id="u", session_id="s", order_id="o", consent=consent)])
    row = Event.objects.get()
    assert sum(key is not None for key in (row.user_key, row.session_key, row.order_key)) == kept


def test_a_list_that_is_named_by_its_token_is_what_the_token_says_and_not_what_is_sent():
    said = {"strategy": "similar", "placement": "basket", "space": "fused-2", "experiment": "x", "arm": "b"}
    token = make_token(Token(at=MOMENT, **said), cached=False)
    # One byte of it is another. Of the last letter not every bit counts: another letter may say the same.
    changed = token[:-5] + ("y" if token[-5] == "x" else "x") + token[-4:]
    sent = {"strategy": "bundle", "placement": "made up", "arm": "a"}
    record_events(
        new_view(f"e{number}", recommendation_id=name, **sent)
        for number, name in enumerate((token, changed, "0f" * 16, ""))
    )
    rows = list(Event.objects.order_by("id").values("recommendation_id", *said))
    assert rows[0] == {"recommendation_id": token, **said}
    unknown = {**dict.fromkeys(said, ""), **sent}
    assert rows[1:] == [{"recommendation_id": name, **unknown} for name in (changed, "0f" * 16, "")]


def test_the_token_that_a_list_shares_is_read_once(monkeypatch):
    read = []
    monkeypatch.setattr(ingestion, "read_token", read.append)
    record_events(new_view(f"e{number}", recommendation_id="r") for number in range(9))
    assert read == ["r"]


def test_what_comes_twice_counts_once_and_the_first_counts():
    assert record_events([new_view("e1"), new_view("e2"), new_view("e1", sku="B")]) == {"e1", "e2"}
    assert record_events([new_view("e2", sku="C", occurred_at=MOMENT), new_view("e3")]) == {"e3"}
    assert record_events([new_view("e2")]) == set()
    assert list(Event.objects.order_by("id").values_list("sku", flat=True)) == ["A", "A", "A"]


def test_a_moment_is_the_same_however_far_its_zone_is_from_utc():
    """Postgres reads no offset of 16 hours and more, which ISO 8601 has."""
    for hours in (-23.9, 15.5, 23.9):
        moment = MOMENT.astimezone(timezone(timedelta(hours=hours)))
        record_events([new_view(f"e{hours}", occurred_at=moment)])
    assert set(Event.objects.values_list("occurred_at", flat=True)) == {MOMENT}


def test_ids_rise_in_the_order_in_which_events_came():
    record_events([new_view(f"e{number}", position=number) for number in range(1, 40)])
    assert list(Event.objects.order_by("id").values_list("position", flat=True)) == list(range(1, 40))


def test_the_months_of_events_are_made_as_they_are_needed():
    record_events([new_view("e1", occurred_at=MOMENT), new_view("e2", occurred_at=datetime(2010, 12, 1, tzinfo=UTC))])
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM behaviour_event ORDER BY 1")
        assert cursor.fetchall() == [("behaviour_event_201012",), ("behaviour_event_202503",)]


def test_nothing_is_asked_for_no_events(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert record_events([]) == set()


def test_what_comes_in_costs_four_statements_whatever_comes(django_assert_num_queries):
    with django_assert_num_queries(6):  # locks with months, keys, COPY, and the transaction's own
        record_events(new_view(f"e{number}", user_id=f"u{number}", consent="analytics") for number in range(200))


def test_an_event_that_cannot_be_written_leaves_no_other_behind():
    with pytest.raises(Exception, match="too long"), transaction.atomic():
        record_events([new_view("e1"), new_view("e2", currency="EURO")])
    assert (Event.objects.count(), EventKey.objects.count()) == (0, 0)
    assert record_events([new_view("e1")]) == {"e1"}


@pytest.mark.django_db(transaction=True)
def test_several_that_write_the_same_events_at_once_write_each_once():
    """In one order, then in the other: they would wait for each other in a circle if keys were not sorted."""
    batch = [new_view(f"e{number}", occurred_at=MOMENT) for number in range(300)]
    counts, failures = [], []

    def write(events: list[NewEvent]) -> None:
        try:
            counts.append(len(record_events(events)))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[batch[:: 1 if number % 2 else -1]]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sum(counts) == 300
    assert Event.objects.count() == EventKey.objects.count() == 300


@pytest.mark.django_db(transaction=True)
def test_keys_are_claimed_in_one_order_by_all_so_that_none_wait_for_each_other():
    """Somebody holds the first key and goes on to the last: whoever waits for the first has not got the last yet."""
    batch = sorted((new_view(f"e{number}") for number in range(5)), key=lambda one: make_key("event", one.event_id))
    counts: list[int] = []

    def write() -> None:
        counts.append(len(record_events(batch[::-1])))
        connection.close()

    writing = threading.Thread(target=write)
    with closing(connection.copy()) as other:
        other.set_autocommit(False)
        for event in (batch[0], batch[-1]):
            with other.cursor() as cursor:
                cursor.execute(ingestion.CLAIM, [MOMENT, [make_key("event", event.event_id)]])
            if event is batch[0]:
                writing.start()
                wait_for_a_waiting(writing)
        other.commit()
    writing.join()
    assert counts == [3]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_another_request_writes_meanwhile_counts_once(monkeypatch):
    """The other one is at it, not yet committed, while this one begins: it waits, and finds what was written."""
    begun, counts = threading.Event(), []
    copy_rows = ingestion._copy_rows

    def come_second() -> None:
        counts.append(len(record_events([new_view("e1"), new_view("e2")])))
        connection.close()

    second = threading.Thread(target=come_second)

    def copy_while_another_waits(*args, **kwargs) -> None:
        if not begun.is_set():
            begun.set()
            second.start()
            wait_for_a_waiting(second)
        copy_rows(*args, **kwargs)

    monkeypatch.setattr(ingestion, "_copy_rows", copy_while_another_waits)
    assert record_events([new_view("e1")]) == {"e1"}
    second.join()
    assert counts == [1]
    assert Event.objects.count() == 2


def wait_for_a_waiting(thread: threading.Thread) -> None:
    """Wait until somebody waits for a lock, or `thread` ends without."""
    with connection.cursor() as cursor:
        while thread.is_alive():
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return


@pytest.mark.django_db(transaction=True)
def test_what_is_settled_waits_for_whoever_is_writing(monkeypatch):
    """An id is given before it is committed: whoever reads on from the greatest would never see what came below it."""
    record_events([new_view("e0")])
    copy_rows, settled = ingestion._copy_rows, []

    def look() -> None:
        settled.append(settled_id())
        connection.close()

    looking = threading.Thread(target=look)

    def copy_while_somebody_looks(*args, **kwargs) -> None:
        copy_rows(*args, **kwargs)
        looking.start()
        wait_for_a_waiting(looking)

    monkeypatch.setattr(ingestion, "_copy_rows", copy_while_somebody_looks)
    record_events([new_view("e1")])
    looking.join()
    assert settled == [Event.objects.order_by("id").values_list("id", flat=True)[1]]
