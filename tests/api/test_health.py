"""Health, readiness and metrics."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import redis
from celery import current_app
from django.db import connections
from django.test import Client

from api import health, heartbeats
from api.models import ApiKey


@pytest.fixture
def checks(monkeypatch, settings):
    """The database and the broker alone: other apps' checks, and processes, have tests of their own."""
    settings.KINDRED_PROCESSES = []
    alone = {name: health.readiness_checks[name] for name in ("database", "broker")}
    monkeypatch.setattr(health, "readiness_checks", alone)
    return alone


def test_ready_when_every_check_passes(client, db, checks):
    answer = client.get("/readyz")
    expected = {"status": "ok", "checks": {"database": "ok", "broker": "ok"}, "missing": []}
    assert (answer.status_code, answer.json()) == (200, expected)


def test_what_is_missing_is_named_and_nothing_inside_is_told(client, db, checks):
    def unreachable() -> None:
        raise RuntimeError("no route to postgres://admin:1234@10.0.0.1")

    def not_yet() -> None:
        raise health.NotReady("no space is live yet; run `manage.py embed_products`")

    checks |= {"cellar": unreachable, "live space": not_yet}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "checks": {
            "database": "ok",
            "broker": "ok",
            "cellar": "not reachable; see the log",
            "live space": "no space is live yet; run `manage.py embed_products`",
        },
        "missing": ["cellar", "live space"],
    }


def test_a_broker_that_is_down_is_missed_within_seconds(client, db, checks, settings):
    from celery import current_app

    url = current_app.conf.broker_url
    current_app.conf.broker_url = "redis://127.0.0.1:1/0"
    try:
        answer = client.get("/readyz")
    finally:
        current_app.conf.broker_url = url
    assert (answer.status_code, answer.json()["missing"]) == (503, ["broker"])


@pytest.fixture
def broker(settings):
    """The run's own Valkey, as it is set again when the test ends."""
    with current_app.connection_for_write() as connection:
        client = connection.default_channel.client
        before = client.config_get("maxmemory")
        yield client
        client.client_unpause()
        client.config_set("maxmemory", before["maxmemory"])
        client.execute_command("REPLICAOF", "NO", "ONE")


def said_of_broker(client) -> tuple[int, str]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["checks"]["broker"]


def test_a_broker_whose_memory_is_full_is_not_ready(client, db, checks, broker):
    broker.config_set("maxmemory", 1)
    full = "its memory is full: raise its maxmemory, and see what fills it"
    assert said_of_broker(client) == (503, full)
    broker.config_set("maxmemory", 0)
    assert said_of_broker(client) == (200, "ok")


def test_a_broker_that_only_reads_is_not_ready(client, db, checks, broker):
    broker.execute_command("REPLICAOF", "127.0.0.1", "1")
    only_reads = "it is a read-only replica: CELERY_BROKER_URL has to name the primary"
    assert said_of_broker(client) == (503, only_reads)


def test_a_broker_that_is_paused_is_not_ready_within_seconds(client, db, checks, broker):
    broker.client_pause(60_000, all=False)
    assert said_of_broker(client) == (503, "it does not answer a write: paused, or overloaded")
    broker.client_unpause()
    assert said_of_broker(client) == (200, "ok")


def test_a_broker_that_cannot_write_its_files_is_not_ready(client, db, checks, monkeypatch):
    def refuse(*_args, **_options):
        raise redis.ResponseError("MISCONF Errors writing to the AOF file: No space left on device")

    monkeypatch.setattr(redis.Redis, "set", refuse)
    assert said_of_broker(client) == (503, "it cannot write its files: is its disk full?")


def test_a_process_is_ready_for_as_long_as_it_is_heard(client, db, checks, settings, monkeypatch):
    settings.KINDRED_PROCESSES = ["pictures", "beat"]
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(heartbeats, "time", SimpleNamespace(time=lambda: clock.now))
    heartbeats.note("pictures")
    heartbeats.note("beat")
    clock.now += heartbeats.SILENT_AFTER_S
    assert client.get("/readyz").status_code == 200
    clock.now += 1
    heartbeats.note("beat")
    answer = client.get("/readyz")
    command = "celery -A config worker --queues pictures --pool threads"
    assert (answer.status_code, answer.json()["missing"]) == (503, ["process pictures"])
    assert answer.json()["checks"]["process pictures"] == f"it was heard 31 s ago: see whether it runs (`{command}`)"


def test_a_process_that_was_never_heard_is_missed_unless_nobody_can_hear_it(client, db, checks, settings):
    settings.KINDRED_PROCESSES = ["beat"]
    never = "nothing was heard of it: see whether it runs (`celery -A config beat`)"
    assert client.get("/readyz").json()["checks"]["process beat"] == never
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert client.get("/readyz").status_code == 200


def test_what_is_worth_knowing_is_told_although_all_is_well(client, db, checks):
    checks["queue"] = lambda: "412 of 700 products embedded"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["notes"]) == (200, {"queue": "412 of 700 products embedded"})


def test_a_database_that_is_down_is_missed(client, checks, monkeypatch):
    from django.db.utils import OperationalError

    def refuse(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(connections["default"], "cursor", refuse)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["database"])


def test_metrics_name_no_visitor(db):
    _key, token = ApiKey.objects.issue("prometheus", scope="secret")
    client = Client(headers={"Authorization": f"Bearer {token}"})
    client.get("/api/v1/users/ann-of-42/")
    client.get("/no/such/page/of/ann-of-42")

    assert "ann-of-42" not in client.get("/metrics").content.decode()


@pytest.mark.parametrize(("scope", "status"), [("secret", 200), ("publishable", 403)])
def test_metrics_are_for_secret_keys_from_anywhere(db, scope, status):
    _key, token = ApiKey.objects.issue("prometheus", scope=scope)
    client = Client(headers={"Authorization": f"Bearer {token}"})
    assert client.get("/metrics", REMOTE_ADDR="8.8.8.8").status_code == status
