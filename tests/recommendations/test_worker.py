"""Asking the worker while a visitor waits: an answer reaches him whenever it is stored, and nobody else's does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import psycopg
import pytest
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from recommendations import tasks, worker
from recommendations.models import WorkerAnswer

LONG_S = 60.0  # nobody waits so long: what is not announced fails the test by its warning
SHORT_S = 0.2
VISITORS = 16

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_is_left_listening():
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_listening_channels()")
        assert cursor.fetchall() == []


@pytest.fixture
def run_before(monkeypatch):
    """Return a function that has `callback()` run just before each call of `owner.name`."""

    def install(owner: object, name: str, callback: Callable[[], None]) -> None:
        original = getattr(owner, name)

        def run_then_call(*args, **kwargs):
            callback()
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, run_then_call)

    return install


def ask(key: str, *, deadline_s: float = LONG_S, send: mock.Mock | None = None) -> bytes:
    return worker.ask(key, mock.Mock(apply_async=send or mock.Mock()), args=(), deadline_s=deadline_s)


def elsewhere(function: Callable[..., object], *args: object) -> None:
    """Call the function to its end on another connection, as the worker would."""

    def call() -> None:
        try:
            function(*args)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        other.submit(call).result()


def warnings(caplog) -> list[str]:
    return [record.message for record in caplog.records if record.name == worker.__name__]


def test_an_answer_that_is_stored_between_the_first_look_and_listening_is_found(run_before, monkeypatch, caplog):
    run_before(worker, "listen", lambda: elsewhere(worker.store_answer, "k", b"answer"))
    monkeypatch.setattr(psycopg.Connection, "notifies", mock.Mock(side_effect=AssertionError("waited")))
    assert ask("k") == b"answer"
    assert warnings(caplog) == []


def test_an_answer_that_is_stored_between_the_last_look_and_waiting_is_heard_of(run_before, caplog):
    run_before(psycopg.Connection, "notifies", lambda: elsewhere(worker.store_answer, "k", b"answer"))
    assert ask("k") == b"answer"
    assert warnings(caplog) == []


def test_an_answer_is_heard_of_within_a_transaction(run_before, caplog):
    run_before(psycopg.Connection, "notifies", lambda: elsewhere(worker.store_answer, "k", b"answer"))
    with transaction.atomic():
        assert ask("k") == b"answer"
    assert warnings(caplog) == []


def test_answers_to_other_questions_are_waited_past(run_before, monkeypatch, caplog):
    original = psycopg.Connection.notifies

    def store_ours_when_more_is_wanted(listener, *, timeout: float):
        for notice in original(listener, timeout=timeout):
            yield notice
            elsewhere(worker.store_answer, "k", b"answer")

    monkeypatch.setattr(psycopg.Connection, "notifies", store_ours_when_more_is_wanted)
    run_before(psycopg.Connection, "notifies", lambda: elsewhere(worker.store_answer, "another", b"not ours"))
    assert ask("k") == b"answer"
    assert warnings(caplog) == []


def test_an_answer_is_announced_once_it_can_be_read_and_not_before(run_before):
    with worker.listen() as listener:
        heard: list[list[str]] = []

        def note_what_was_announced(*, timeout: float = 0) -> None:
            heard.append([notice.payload for notice in listener.notifies(timeout=timeout, stop_after=1)])

        run_before(WorkerAnswer.objects, "bulk_create", note_what_was_announced)
        elsewhere(worker.store_answer, "k", b"answer")
        note_what_was_announced(timeout=30)
    assert heard == [[], ["k"]]


def test_a_question_goes_to_the_queue_of_those_who_wait_and_is_forgotten_with_them():
    send = mock.Mock(side_effect=lambda *args, **options: elsewhere(worker.store_answer, "k", b"answer"))
    worker.ask("k", mock.Mock(apply_async=send), args=(1, "mug"), deadline_s=1.5)
    send.assert_called_once_with(("k", 1, "mug"), queue="interactive", expires=1.5, retry=False)


def test_without_an_answer_the_question_is_given_up_at_the_deadline(run_before):
    run_before(psycopg.Connection, "notifies", lambda: elsewhere(worker.store_answer, "another", b"not ours"))
    with pytest.raises(worker.WorkerUnavailable, match=r"No worker answered within 0\.2 s\."):
        ask("k", deadline_s=SHORT_S)


def test_an_answer_whose_transaction_is_rolled_back_is_no_answer(run_before):
    def store_and_fail() -> None:
        with transaction.atomic():
            worker.store_answer("k", b"answer")
            transaction.set_rollback(True)

    run_before(psycopg.Connection, "notifies", lambda: elsewhere(store_and_fail))
    with pytest.raises(worker.WorkerUnavailable):
        ask("k", deadline_s=SHORT_S)


def test_an_answer_that_nobody_announced_is_found_at_the_deadline_and_the_log_says_why(run_before, caplog):
    def store_silently() -> None:
        WorkerAnswer.objects.create(key="k", content=b"answer")

    run_before(psycopg.Connection, "notifies", lambda: elsewhere(store_silently))
    assert ask("k", deadline_s=SHORT_S) == b"answer"
    assert ["session pooling" in warning for warning in warnings(caplog)] == [True]


@pytest.mark.parametrize("error", [OperationalError("refused"), ConnectionError("down")])
def test_a_broker_that_is_down_is_said_at_once(monkeypatch, caplog, error):
    monkeypatch.setattr(psycopg.Connection, "notifies", mock.Mock(side_effect=AssertionError("waited")))
    with pytest.raises(worker.WorkerUnavailable, match="The broker cannot be reached"):
        ask("k", send=mock.Mock(side_effect=error))
    assert warnings(caplog) == [f"The broker cannot be reached: {error}"]


@pytest.mark.parametrize("keys", [[f"k{number}" for number in range(VISITORS)], ["k"] * VISITORS])
def test_sixteen_visitors_who_wait_at_once_get_each_their_answer(caplog, keys):
    all_sent = threading.Barrier(VISITORS + 1)

    def visit(key: str) -> bytes:
        try:
            return ask(key, send=mock.Mock(side_effect=lambda *args, **kwargs: all_sent.wait(LONG_S)))
        finally:
            connection.close()

    with ThreadPoolExecutor(VISITORS) as visitors:
        answers = visitors.map(visit, keys)
        all_sent.wait(LONG_S)
        for key in keys:
            worker.store_answer(key, key.encode())
        assert list(answers) == [key.encode() for key in keys]
    assert WorkerAnswer.objects.count() == len(set(keys))
    assert warnings(caplog) == []


@pytest.mark.parametrize(("task", "args"), [(tasks.answer_query, (1, "mug", "")), (tasks.look_closer, (1, 2, 3))])
def test_a_question_that_has_been_answered_meanwhile_takes_no_encoder(monkeypatch, task, args):
    monkeypatch.setattr(tasks.encoding, "answer_query", mock.Mock(side_effect=AssertionError("encoded")))
    monkeypatch.setattr(tasks.occlusion, "look", mock.Mock(side_effect=AssertionError("looked")))
    worker.store_answer("k", b"answer")
    task("k", *args)
    assert worker.find_answer("k") == b"answer"
