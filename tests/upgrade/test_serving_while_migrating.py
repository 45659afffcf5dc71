"""A release migrates while the code of before serves and saves, and somebody's long transaction holds the tables."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client

from api.models import ApiKey
from catalog.models import Product
from config import patient_migrations
from tests.recommendations.shelf import at_angle, make_space, put
from tests.upgrade.next_release import write_next_release

pytestmark = pytest.mark.django_db(transaction=True)
LOCK_WAIT_S = 0.2
LONG_S = 20.0  # that somebody reads for at most; nothing here waits for it unless it fails


@pytest.fixture
def next_release(settings, tmp_path, monkeypatch) -> Iterator[str]:
    """The last migration of today's catalog; after the test it is the last one again."""
    for name, value in (("LOCK_WAIT_S", LOCK_WAIT_S), ("FIRST_PAUSE_S", 0.3), ("PATIENCE_S", 3 * LONG_S)):
        monkeypatch.setattr(patient_migrations, name, value)
    monkeypatch.syspath_prepend(tmp_path)
    settings.MIGRATION_MODULES = {"catalog": (package := write_next_release(tmp_path))}
    last = migrations_of_catalog()[-1]
    yield last
    call_command("migrate", "catalog", last, verbosity=0)
    for name in [name for name in sys.modules if name.startswith(package)]:
        del sys.modules[name]


def migrations_of_catalog() -> list[str]:
    from django.db.migrations.recorder import MigrationRecorder

    return [name for app, name in sorted(MigrationRecorder(connection).applied_migrations()) if app == "catalog"]


class Visitors(threading.Thread):
    """Look at a product and its list, and save a new one, again and again."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key, self.stopping = key, threading.Event()
        self.answers: list[int] = []

    def run(self) -> None:
        client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {self.key}"})
        while not self.stopping.is_set():
            for path in ("/products/A/", "/api/v1/products/A/similar/", "/api/v1/products/"):
                self.answers.append(client.get(path).status_code)
            new = f"/api/v1/products/NEW-{len(self.answers)}/"
            self.answers.append(client.put(new, {"title": "Oak shelf"}, content_type="application/json").status_code)
        connections.close_all()


class Said(io.StringIO):
    """What `migrate` writes, and how much had been answered whenever it gave up waiting."""

    def __init__(self, visitors: Visitors) -> None:
        super().__init__()
        self.visitors, self.answered = visitors, []

    def write(self, text: str) -> int:
        if "trying again" in text:
            self.answered.append(len(self.visitors.answers))
        return super().write(text)

    def is_passed_by(self) -> bool:
        """Has everybody been served twice since it gave up for the first time, and has it tried again?"""
        return len(self.answered) > 1 and len(self.visitors.answers) > self.answered[0] + 8


@contextmanager
def somebody_reads(*, until: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Hold the table of products as a report, a backup or a build does, until something is so, or the block ends."""
    begun, done = threading.Event(), threading.Event()

    def read() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM catalog_product")
            begun.set()
            ends_at = time.monotonic() + LONG_S
            while not (until() or done.wait(0.02)) and time.monotonic() < ends_at:
                pass
            cursor.execute("COMMIT")
        connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert begun.wait(LONG_S), "nobody reads: the thread has failed"
        yield
    finally:
        done.set()
        reader.join()


def test_nobody_is_stopped_while_a_release_migrates(next_release):
    space = make_space()
    for number, sku in enumerate("ABC"):
        put(space, sku, at_angle(10 * number))
    _, token = ApiKey.objects.issue("back office", scope="secret")
    visitors = Visitors(token)
    said = Said(visitors)
    with somebody_reads(until=said.is_passed_by):
        visitors.start()
        call_command("migrate", stdout=said)
        migrated_at = len(visitors.answers)
    while (
        visitors.is_alive() and len(visitors.answers) < migrated_at + 8
    ):  # by the code of before, with the tables of after
        time.sleep(0.02)
    visitors.stopping.set()
    visitors.join()

    assert said.is_passed_by(), said.getvalue()
    assert "somebody works with a table that this one changes; trying again in 0 s" in said.getvalue()
    assert migrations_of_catalog()[-2:] == ["9001_expand", "9002_index"]
    assert set(visitors.answers) == {200, 201}
    assert Product.objects.filter(title="Oak shelf").count() == visitors.answers.count(201)


def test_a_migration_that_never_gets_its_table_says_so_and_has_changed_nothing(next_release, monkeypatch):
    monkeypatch.setattr(patient_migrations, "PATIENCE_S", 0.1)
    with somebody_reads(), pytest.raises(CommandError, match=r"^A transaction has held a table for longer"):
        call_command("migrate", verbosity=0)
    assert migrations_of_catalog()[-1] == next_release


def test_an_index_that_is_built_concurrently_waits_for_as_long_as_it_takes(next_release, monkeypatch):
    call_command("migrate", "catalog", "9001_expand", verbosity=0)
    ends_at = time.monotonic() + 3 * LOCK_WAIT_S
    with somebody_reads(until=lambda: time.monotonic() > ends_at):
        call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'product_weight_g'::regclass")
        assert cursor.fetchone() == (True,)
