"""A worker has learning done in a process of its own, which ends with it."""

from __future__ import annotations

import signal

from behaviour.versions import child


def test_a_command_runs_to_its_end(transactional_db, child_environment, monkeypatch, capfd):
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"):
        monkeypatch.setenv(name, child_environment[name])
    assert child.run_command("behaviour", "step", is_ending=lambda: False) == 0
    assert capfd.readouterr().out == "0 events, 0 rows, 0 new products.\n"


def test_a_command_that_fails_is_told(transactional_db, child_environment, monkeypatch, caplog):
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"):
        monkeypatch.setenv(name, child_environment[name])
    assert child.run_command("behaviour", "promote", "spring", is_ending=lambda: False) == 1
    assert "`manage.py behaviour promote spring` ended with status 1" in caplog.text


def test_a_command_ends_with_its_worker(monkeypatch):
    monkeypatch.setattr(child, "LOOK_EVERY_S", 0.01)
    status = child.run_command("shell", "-c", "import time; time.sleep(600)", is_ending=lambda: True)
    assert status in (-signal.SIGTERM, 128 + signal.SIGTERM)
