"""Counting on connections of its own: killed in the midst, and two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal

import pytest
from django.db import connection, transaction

from behaviour.events.event import Event, settled_id
from behaviour.reports import counting
from behaviour.reports.counting import count_new_events, count_step
from behaviour.reports.daily_counts import Counting
from tests.behaviour.event_rows import add_events
from tests.behaviour.naive_counts import count_naively, read_counts
from tests.behaviour.test_daily_counts import ANN, HOME, Killed, at, bought

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 60


@pytest.fixture
def events() -> list[Event]:
    return add_events([at(0, type="click", sku="MUG", user_key=ANN, **HOME), bought(1, "MUG", user_key=ANN)])


def run_before(statement: str, act):
    """Have `act` run before the first statement that begins so."""

    def wrap(execute, sql, params, many, context):
        if sql.startswith(statement):
            act()
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrap)


def kill() -> None:
    raise Killed


def test_whoever_is_killed_before_the_mark_has_counted_nothing(events):
    with run_before("UPDATE behaviour_counting", kill), pytest.raises(Killed):
        count_step(settled=settled_id())
    assert (read_counts(), Counting.objects.get().last_event_id) == ({}, 0)
    assert count_new_events() == 2
    assert count_new_events() == 0
    assert read_counts() == count_naively(events)


def in_thread(work):
    try:
        return work()
    finally:
        connection.close()


def test_of_two_at_once_one_goes_away_and_one_waits_and_each_event_counts_once(events, monkeypatch):
    monkeypatch.setattr(counting, "BATCH", 1)
    Counting.objects.create(pk=1)
    begun, settled = Signal(), settled_id()

    def count_waiting() -> int:
        begun.set()
        return count_new_events()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert count_step(settled=settled) == 1  # and holds its turn until the transaction ends
            assert pool.submit(in_thread, lambda: count_new_events(seconds=PATIENCE_S)).result(PATIENCE_S) == 0
            waiting = pool.submit(in_thread, count_waiting)
            assert begun.wait(PATIENCE_S)
        assert waiting.result(PATIENCE_S) == 1
    assert read_counts() == count_naively(events)
