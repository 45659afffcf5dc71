"""Health, readiness and metrics."""

from __future__ import annotations

import pytest
from django.db import connections
from django.test import Client

from api import health
from api.models import ApiKey


@pytest.fixture
def checks(monkeypatch):
    """The database and the broker alone: other apps' checks have tests of their own."""
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


def test_a_database_that_is_down_is_missed(client, checks, monkeypatch):
    from django.db.utils import OperationalError

    def refuse(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(connections["default"], "cursor", refuse)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["database"])


@pytest.mark.parametrize(("scope", "status"), [("secret", 200), ("publishable", 403)])
def test_metrics_are_for_secret_keys_from_anywhere(db, scope, status):
    _key, token = ApiKey.objects.issue("prometheus", scope=scope)
    client = Client(headers={"Authorization": f"Bearer {token}"})
    assert client.get("/metrics", REMOTE_ADDR="8.8.8.8").status_code == status
