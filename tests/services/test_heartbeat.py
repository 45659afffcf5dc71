"""Signs of life of workers: given while all goes well, and the end of the process where it does not."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from api import heartbeats
from config import celery, heartbeat
from config.services.paths import BASE_DIR
from config.services.supervisor import HEARTBEAT_VARIABLE


@pytest.fixture(autouse=True)
def heard(monkeypatch) -> list[str]:
    """The names that were heard; this process is not ended by what it tests."""
    names: list[str] = []
    monkeypatch.setattr(heartbeat, "_heard_at", {})
    monkeypatch.setattr(heartbeats, "note", names.append)
    yield names
    faulthandler.cancel_dump_traceback_later()


def running(name: str, *, since: float | None, limit_s: float | None) -> SimpleNamespace:
    app = SimpleNamespace(conf=SimpleNamespace(task_time_limit=600))
    return SimpleNamespace(name=name, time_start=since, task=SimpleNamespace(time_limit=limit_s, app=app))


@pytest.mark.parametrize(
    ("task", "found"),
    [
        (running("short", since=400.0, limit_s=None), None),
        (running("short", since=399.0, limit_s=None), ("short", 601.0)),
        (running("long", since=399.0, limit_s=3600), None),
        (running("not begun", since=None, limit_s=None), None),
    ],
)
def test_a_task_hangs_when_it_has_run_past_its_limit(monkeypatch, task, found):
    monkeypatch.setattr(heartbeat.state, "active_requests", [task])
    assert heartbeat.find_hung_task(1000.0) == found


def test_a_beat_is_seen_in_the_file_and_heard_by_name_and_by_systemd(monkeypatch, tmp_path: Path, heard):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv(HEARTBEAT_VARIABLE, str(tmp_path / "beat"))
    with manager:
        heartbeat.beat(["embeddings"])
        assert manager.recv(100) == b"READY=1\nWATCHDOG=1"
    assert (tmp_path / "beat").exists()
    assert heard == ["embeddings"]
    heartbeat.fall_silent(["embeddings"])
    assert not (tmp_path / "beat").exists()


def test_the_file_is_touched_while_all_in_the_process_beat_and_goes_when_the_last_falls_silent(monkeypatch, tmp_path):
    file = tmp_path / "beat"
    monkeypatch.setenv(HEARTBEAT_VARIABLE, str(file))
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(heartbeat, "time", SimpleNamespace(monotonic=lambda: clock.now))
    ends_after: list[float] = []
    monkeypatch.setattr(heartbeat.faulthandler, "dump_traceback_later", lambda s, exit: ends_after.append(s))
    heartbeat.beat(["embeddings"])
    heartbeat.beat(["pictures"])
    file.unlink()
    clock.now += 29
    heartbeat.beat(["pictures"])
    assert file.exists()
    file.unlink()
    clock.now += 2
    heartbeat.beat(["pictures"])  # the other one was heard 31 s ago
    assert not file.exists()
    assert ends_after == [120, 120, 91, 89]
    heartbeat.beat(["embeddings"])
    heartbeat.fall_silent(["embeddings"])
    assert file.exists()
    heartbeat.fall_silent(["pictures"])
    assert not file.exists()


def test_it_is_the_loop_that_takes_messages_which_beats_whatever_thread_the_timer_is(heard):
    soon: list = []
    timer = SimpleNamespace(call_repeatedly=lambda _, function, arguments: function(*arguments))
    queues = SimpleNamespace(consume_from=["embeddings"])
    app = SimpleNamespace(amqp=SimpleNamespace(queues=queues))
    heartbeat.Heartbeat(SimpleNamespace()).start(SimpleNamespace(app=app, timer=timer, call_soon=soon.append))
    assert heard == ["embeddings"]  # at the start
    soon.pop()()
    assert heard == ["embeddings", "embeddings"]


def test_a_worker_that_ends_before_it_has_begun_silences_nobody(monkeypatch, tmp_path: Path):
    monkeypatch.setenv(HEARTBEAT_VARIABLE, str(tmp_path / "beat"))
    heartbeat.beat(["pictures"])
    heartbeat.Heartbeat(SimpleNamespace()).stop(SimpleNamespace())
    assert (tmp_path / "beat").exists()


HANGS = """
import time
from config import celery, heartbeat
heartbeat.heartbeats.note = print
heartbeat.HUNG_AFTER_S = 0.2
heartbeat.beat(["embeddings"])
{then}
def hang():
    time.sleep(60)
hang()
"""


def test_a_process_that_beats_no_more_ends_and_says_where_it_hung():
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", HANGS.format(then="")], cwd=BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "in hang" in done.stderr


def test_a_worker_with_a_task_that_hangs_writes_every_stack_and_ends(monkeypatch, caplog, heard):
    ended: list[int] = []
    monkeypatch.setattr(heartbeat.state, "active_requests", [running("embed", since=0.0, limit_s=1)])
    monkeypatch.setattr(heartbeat.faulthandler, "dump_traceback", lambda **_: None)
    monkeypatch.setattr(heartbeat.os, "_exit", ended.append)
    step = heartbeat.Heartbeat(SimpleNamespace())
    step.names = ["embeddings"]
    with caplog.at_level(logging.CRITICAL):
        step.look()
    assert (ended, heard) == ([1], [])
    assert "The task embed has run for" in caplog.text


@pytest.mark.parametrize("damage", [b"", b"not a pickle"])
def test_a_damaged_schedule_is_moved_aside_or_written_anew_and_all_of_it_is_kept(tmp_path: Path, damage):
    path = tmp_path / "beat-schedule"
    with contextlib.closing(heartbeat.BeatingScheduler(celery.app, schedule_filename=str(path))) as schedule:
        whole = set(schedule.schedule)
    for file in tmp_path.glob("beat-schedule*.dat"):
        file.write_bytes(damage.ljust(file.stat().st_size, b"\0") if damage else damage)
    with contextlib.closing(heartbeat.BeatingScheduler(celery.app, schedule_filename=str(path))) as schedule:
        assert set(schedule.schedule) == whole
