"""A KINDRED_HOME of its own for each test, processes that use its servers, and nothing left of either."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.services.paths import BASE_DIR, socket_directory

# Uses the servers until its standard input is closed.
USER_OF_SERVERS = """
import sys
from config import services
try:
    services.ensure_running()
except services.ServiceError as error:
    sys.exit(str(error))
print("up", flush=True)
sys.stdin.read()
"""
SERVER_VARIABLES = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new KINDRED_HOME, with every process that works on it killed at the end."""
    home = tmp_path / "home"
    monkeypatch.setenv("KINDRED_HOME", str(home))
    for variable in SERVER_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    yield home
    for process in processes_of(home):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.fixture
def start_user(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts a process that uses the servers; it has said "up" once they run."""
    started: list[subprocess.Popen[str]] = []

    def start(**popen_options: object) -> subprocess.Popen[str]:
        command = popen_options.pop("command", [sys.executable, "-c", USER_OF_SERVERS])
        process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **popen_options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        with process:  # waits, and closes the pipes
            pass


def processes_of(home: Path) -> list[psutil.Process]:
    """The live processes that name `home` on their command line: servers, guardian, and what `up` starts."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            named = any(str(home) in argument for argument in process.cmdline())
            if named and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def main_processes(home: Path) -> list[str]:
    """What runs on `home`, by name, without the processes that a server starts for itself."""
    processes = processes_of(home)
    pids = {process.pid for process in processes}
    names = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # one that ended since is none
            if process.ppid() not in pids:
                names.append(name_of(process))
    return sorted(names)


def has_ended(process: psutil.Process) -> bool:
    """Whether it is gone, or a zombie that nobody has asked for its status. It may go between two questions."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def name_of(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    return next((name for name in ("valkey", "guardian", "postgres") if name in command), command)


def wait_until(condition: Callable[[], object], *, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def connect(home: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(socket_directory(home)), user="kindred", dbname="kindred", autocommit=True)
