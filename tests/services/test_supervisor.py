"""Processes that are kept alive, heard when they complain, and gone when told to go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.services import supervisor as supervision
from config.services.paths import BASE_DIR
from config.services.supervisor import Supervisor
from tests.services.conftest import has_ended, wait_until

PROGRAM = """
import os, sys, time
print(f"2026-01-01 00:00:00,000 INFO shop: process {os.getpid()}", flush=True)
"""


class Console(list[str]):
    def has(self, part: str) -> bool:
        return any(part in line for line in self)


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def supervisor(tmp_path: Path, console: Console) -> Iterator[Supervisor]:
    supervisor = Supervisor(logs=tmp_path / "logs", show=console.append, watch=lambda: None)
    yield supervisor
    supervisor.stopping.set()
    supervisor.stop()


@pytest.fixture
def write_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that makes a module from code, after the line that says its pid; its name is what to run."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(code: str) -> str:
        (tmp_path / "program_of_test.py").write_text(PROGRAM + code)
        return "program_of_test"

    return write


def tick_until(supervisor: Supervisor, condition) -> None:
    def ticked() -> object:
        supervisor.tick()
        return condition()

    wait_until(ticked)


def test_a_killed_program_is_started_again_at_once(supervisor, console, write_program):
    program = supervisor.add("shop", [write_program("time.sleep(60)")])
    first = program.process
    first.kill()
    first.wait()

    tick_until(supervisor, lambda: program.process not in {None, first})

    assert program.process.poll() is None
    assert console == [f"shop was killed by signal 9; starting it again now (log: {program.log})"]


def test_a_program_that_keeps_dying_is_given_longer_and_longer_pauses(supervisor, console, write_program, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(supervision.time, "monotonic", lambda: clock[0])
    program = supervisor.add("shop", [write_program("sys.exit(3)")])
    pauses = []

    for _ in range(8):
        program.process.wait()
        supervisor.tick()
        pauses.append(program.start_after - clock[0])
        clock[0] = program.start_after
        supervisor.tick()

    assert pauses == [0, 1, 2, 4, 8, 16, 30, 30]
    assert console[1] == f"shop ended with status 3; starting it again in 1 s (log: {program.log})"


def test_a_program_that_lived_for_a_minute_is_started_again_at_once(supervisor, write_program, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(supervision.time, "monotonic", lambda: clock[0])
    program = supervisor.add("shop", [write_program("sys.exit(3)")])
    pauses = []

    for lived_s in (1, 1, 1, 61, 1, 1):
        program.process.wait()
        clock[0] += lived_s
        supervisor.tick()
        pauses.append(program.start_after - clock[0])
        clock[0] = program.start_after
        supervisor.tick()

    assert pauses == [0, 1, 2, 0, 0, 1]


def test_a_program_that_gives_no_sign_of_life_is_killed_and_started_again(
    supervisor, console, write_program, monkeypatch
):
    monkeypatch.setattr(supervision, "HUNG_AFTER_S", 0.3)
    touch = "from pathlib import Path\nPath(os.environ['KINDRED_HEARTBEAT_FILE']).touch()\ntime.sleep(60)\n"
    program = supervisor.add("shop", [write_program(touch)])
    first = program.process

    tick_until(supervisor, lambda: program.process not in {None, first})

    assert first.returncode == -signal.SIGKILL
    assert console[:2] == [
        "shop has given no sign of life for 0 s: it is killed",
        f"shop was killed by signal 9; starting it again now (log: {program.log})",
    ]


def test_a_program_is_silent_since_its_last_beat_and_not_before_its_first(tmp_path):
    program = supervision.Program(name="shop", arguments=[], log=tmp_path / "shop.log")
    silences = [program.silence_s(100.0)]
    for beaten_at, now in ((1, 200.0), (1, 250.0), (2, 260.0), (2, 265.0)):
        program.heartbeat.touch()
        os.utime(program.heartbeat, (beaten_at, beaten_at))
        silences.append(program.silence_s(now))
    assert silences == [0.0, 0.0, 50.0, 0.0, 5.0]


def test_everything_is_logged_and_only_warnings_and_errors_are_shown(supervisor, console, write_program):
    code = "print('2026-01-01 00:00:00,000 WARNING shop: nearly full', flush=True)\nraise ValueError('no stock')\n"
    program = supervisor.add("shop", [write_program(code)])
    program.process.wait()
    program.reader.join()

    assert console == ["shop: 2026-01-01 00:00:00,000 WARNING shop: nearly full", "shop: ValueError: no stock"]
    log = program.log.read_text().splitlines()
    assert log[0].startswith("2026-01-01 00:00:00,000 INFO shop: process ")
    assert "Traceback (most recent call last):" in log


def test_a_program_that_ignores_the_request_to_end_is_killed(supervisor, write_program, monkeypatch):
    monkeypatch.setattr(supervision, "STOP_TIMEOUT_S", 0.2)
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    program = supervisor.add("shop", [write_program(code)])
    wait_until(lambda: program.log.exists() and "deaf" in program.log.read_text())

    supervisor.stop()

    assert program.process.returncode == -signal.SIGKILL


def test_what_such_a_program_has_started_is_killed_with_it(supervisor, write_program, monkeypatch):
    monkeypatch.setattr(supervision, "STOP_TIMEOUT_S", 0.2)
    code = """
import signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("started", subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""
    program = supervisor.add("shop", [write_program(code)])
    wait_until(lambda: program.log.exists() and "started" in program.log.read_text())
    started = psutil.Process(int(program.log.read_text().split()[-1]))

    supervisor.stop()

    wait_until(lambda: has_ended(started))


def test_a_command_run_to_its_end_gives_its_status_while_others_are_kept_alive(supervisor, write_program):
    assert supervisor.run("check", [write_program("sys.exit(7)")]) == 7


def test_a_failing_watch_is_said_once_and_again_only_after_it_has_recovered(tmp_path, console, monkeypatch):
    monkeypatch.setattr(supervision, "WATCH_EVERY_S", 0.001)
    outcomes = iter([OSError("disk full"), OSError("disk full"), None, OSError("disk full")])
    supervisor = Supervisor(logs=tmp_path, show=console.append, watch=lambda: None)

    def watch() -> None:
        outcome = next(outcomes, None)
        if outcome is None and len(console) == 2:
            supervisor.stopping.set()
        if outcome:
            raise outcome

    supervisor.watch = watch
    supervisor.run_forever()

    assert console == ["disk full", "disk full"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for a signal at the parent's death")
def test_a_program_dies_with_a_supervisor_that_is_killed(tmp_path, write_program):
    code = f"""
import time
from pathlib import Path
from config.services.supervisor import Supervisor
supervisor = Supervisor(logs=Path({str(tmp_path)!r}), show=print, watch=lambda: None)
program = supervisor.add("shop", [{write_program("time.sleep(60)")!r}])
print(program.process.pid, flush=True)
supervisor.run_forever()
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    wait_until(lambda: (tmp_path / "shop.log").exists() and "process" in (tmp_path / "shop.log").read_text())

    parent.kill()
    with parent:
        pass

    wait_until(lambda: has_ended(child))


def test_a_child_whose_parent_died_before_it_could_ask_leaves_at_once(write_program):
    environment = os.environ | {supervision.PARENT_VARIABLE: "1"}
    started = time.monotonic()

    status = subprocess.call(
        supervision.child_command([write_program("time.sleep(60)")]), env=environment, cwd=BASE_DIR
    )

    assert status == 1
    assert time.monotonic() - started < 30
