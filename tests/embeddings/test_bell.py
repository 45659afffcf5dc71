"""What a save does: queue its product in the same transaction, ring once after the commit, and never fail."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from unittest import mock

import pytest
from celery.worker import state
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError

from embeddings.freshness import bell
from embeddings.models import PendingEmbedding
from embeddings.services import BATCH_SIZE
from embeddings.tasks import embed_pending
from tests.embeddings.shop import make_product, pending_skus, rename


@pytest.fixture
def broken_broker(monkeypatch) -> list[str]:
    """A broker that refuses every message; the list holds one entry for each that it was sent."""
    tries: list[str] = []

    def refuse(**_):
        tries.append("try")
        raise OperationalError("connection refused")

    monkeypatch.setattr(bell, "_broken_until", 0.0)
    monkeypatch.setattr("embeddings.tasks.embed_pending.apply_async", refuse)
    return tries


@pytest.mark.django_db(transaction=True)
def test_one_bell_for_each_transaction(rings):
    with transaction.atomic():
        for sku in "ABC":
            make_product(sku, colours=["red"])
        assert rings == []
    assert rings == ["bell"]
    assert pending_skus() == ["A", "B", "C"]


@pytest.mark.django_db(transaction=True)
def test_bells_are_not_repeated_until_a_worker_has_heard_one(rings):
    for sku in "ABC":
        make_product(sku)
    assert rings == ["bell"]
    bell.stop_ringing()
    make_product("D")
    assert rings == ["bell", "bell"]


@pytest.mark.django_db(transaction=True)
def test_a_cache_that_is_down_silences_no_bell(rings, monkeypatch):
    monkeypatch.setattr(bell, "cache", mock.Mock(add=lambda *_, **__: None))  # django-redis, asked not to raise
    make_product("A")
    make_product("B")
    assert rings == ["bell", "bell"]


@pytest.mark.django_db(transaction=True)
def test_the_worker_hears_the_bell_before_it_reads_the_queue(rings, monkeypatch):
    """A product saved right after the queue was read has to ring again."""
    from embeddings import services

    make_product("A")

    def read_queue_then_save(**_):
        make_product("B")
        return services.RefreshTotals()

    monkeypatch.setattr("embeddings.services.refresh_pending", read_queue_then_save)
    embed_pending()
    assert rings == ["bell", "bell"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("told", ["should_stop", "should_terminate"])
def test_a_worker_that_is_told_to_end_takes_no_further_batch_and_rings_for_the_next_worker(rings, monkeypatch, told):
    for number in range(BATCH_SIZE + 1):
        make_product(f"P{number}")
    rings.clear()
    monkeypatch.setattr(state, told, 0)
    embed_pending()
    left = PendingEmbedding.objects.get()
    assert (left.leased_until, rings) == (None, ["bell"])


@pytest.mark.django_db(transaction=True)
def test_a_run_that_was_cut_short_rings_for_the_next(rings, monkeypatch):
    from embeddings import services

    monkeypatch.setattr("embeddings.services.refresh_pending", lambda **_: services.RefreshTotals(is_unfinished=True))
    embed_pending()
    assert rings == ["bell"]


@pytest.mark.django_db(transaction=True)
def test_whoever_reads_the_log_sees_that_work_is_done_and_nothing_of_bells_that_ring_for_none(rings, encoders, caplog):
    caplog.set_level(logging.INFO, logger="embeddings.tasks")
    make_product("A")
    embed_pending()
    embed_pending()
    assert caplog.messages == ["Products embedded: 1."]


def test_a_process_that_imported_no_task_knows_the_one_that_is_rung_for():
    code = """
import django
django.setup()
from celery import current_app
from embeddings.freshness.bell import EMBED_TASK
assert EMBED_TASK in current_app.tasks
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def roll_back_after(work: Callable[[], object]) -> None:
    with transaction.atomic():
        work()
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_a_save_that_is_rolled_back_rings_not_and_queues_nothing(rings):
    product = make_product("A")
    PendingEmbedding.objects.all().delete()
    bell.stop_ringing()
    rings.clear()
    roll_back_after(lambda: rename(product))
    assert (rings, pending_skus()) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_that_is_rolled_back_takes_its_bell_with_it_but_not_that_of_others(rings):
    with transaction.atomic():
        roll_back_after(lambda: make_product("A"))
        make_product("B")
    assert (rings, pending_skus()) == (["bell"], ["B"])


@pytest.mark.django_db(transaction=True)
def test_saving_succeeds_while_the_broker_is_down_and_asks_it_once(broken_broker, caplog):
    with caplog.at_level(logging.WARNING, logger="embeddings.freshness.bell"):
        for number in range(20):
            make_product(f"P{number:02}")
            cache.clear()
    assert broken_broker == ["try"]
    assert [record.getMessage() for record in caplog.records] == [
        "The broker is left alone for 5 s (connection refused). Saved products stay queued."
    ]
    assert len(pending_skus()) == 20


@pytest.mark.django_db(transaction=True)
def test_a_bell_that_raises_stops_neither_the_saver_nor_what_else_waits_for_the_commit(monkeypatch, caplog):
    """Ringing promises not to raise; a shop's own hooks must not depend on that."""
    done: list[str] = []

    def break_down() -> None:
        raise RuntimeError("the bell fell down")

    monkeypatch.setattr(bell, "ring", break_down)
    with transaction.atomic():
        transaction.on_commit(lambda: done.append("before"))
        make_product("A")
        transaction.on_commit(lambda: done.append("after"))
    assert done == ["before", "after"]
    make_product("B")  # outside a transaction the bell is rung at once
    assert pending_skus() == ["A", "B"]
    assert caplog.text.count("RuntimeError: the bell fell down") == 2


@pytest.mark.django_db(transaction=True)
def test_the_broker_is_asked_again_after_a_while(broken_broker, monkeypatch):
    make_product("A")
    cache.clear()
    monkeypatch.setattr(bell, "_broken_until", time.monotonic())
    make_product("B")
    assert broken_broker == ["try", "try"]


@pytest.mark.django_db(transaction=True)
def test_a_real_broker_that_is_gone_costs_a_save_no_time(settings, monkeypatch):
    """The socket of a Valkey that does not run: the first bell fails at once, the next are not tried."""
    from celery import current_app

    monkeypatch.setattr(bell, "_broken_until", 0.0)
    pools_of_a_dead_broker(current_app, monkeypatch)
    started = time.monotonic()
    for number in range(50):
        make_product(f"P{number:02}")
        cache.clear()
    spent = time.monotonic() - started
    assert bell._broken_until > started
    assert spent < 5  # 50 saves; the limit is loose, for a machine may be busy
    assert len(pending_skus()) == 50


def pools_of_a_dead_broker(app, monkeypatch) -> None:
    from kombu import pools

    connection = app.connection_for_write("redis+socket:///nonexistent/valkey.sock")
    pool = pools.producers[connection]
    monkeypatch.setattr(type(app.amqp), "producer_pool", property(lambda self: pool))
