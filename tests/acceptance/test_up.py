"""`manage.py up`, as a user runs it: all comes up, heals, stops without a trace, and comes back with its data."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.services.paths import BASE_DIR, socket_directory

READY_TIMEOUT_S = 240.0  # on a machine that is busy with other things; alone it takes a tenth of that
HEAL_TIMEOUT_S = 60.0


class Shop:
    """A running `manage.py up` and what it says."""

    def __init__(self, home: Path, port: int, settings: dict[str, str] | None = None) -> None:
        self.home, self.port = home, port
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        self.environment = kept | {"KINDRED_HOME": str(home)} | (settings or {})
        self.process = subprocess.Popen(
            [sys.executable, str(BASE_DIR / "manage.py"), "up", "--port", str(port), "--workers", "1"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        with self.process.stdout as lines:
            self.lines.extend(line.rstrip() for line in lines)

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.has_said("Kindred is ready at") or self.process.poll() is not None, READY_TIMEOUT_S)
        assert self.process.poll() is None, "\n".join(self.lines)

    def has_said(self, words: str) -> bool:
        return any(words in line for line in list(self.lines))

    def status_of(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=90)
        self.reader.join()
        return status


@pytest.fixture
def start_shop(tmp_path: Path) -> Iterator[Callable[[], Shop]]:
    started: list[Shop] = []

    def start(**settings: str) -> Shop:
        shop = Shop(tmp_path / "home", free_port(), settings)
        started.append(shop)
        return shop

    yield start
    for process in processes_of(tmp_path / "home"):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    for shop in started:
        shop.process.kill()
        shop.process.wait()
        shop.reader.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], object], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def processes_of(home: Path) -> list[psutil.Process]:
    """Every live process that was started for `home`: those that name it, and those in whose environment it is."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            names_it = any(str(home) in argument for argument in process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and (
                names_it or process.environ().get("KINDRED_HOME") == str(home)
            ):
                found.append(process)
    return found


def process_with(home: Path, *words: str) -> psutil.Process | None:
    """Return the process for `home` whose command line has these words: one that ends between two looks is none."""
    for found in processes_of(home):
        with contextlib.suppress(psutil.Error):
            if set(words) <= set(found.cmdline()):
                return found
    return None


def connect(home: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(socket_directory(home)), user="kindred", dbname="kindred", autocommit=True)


def answers(home: Path, query: str) -> tuple | None:
    try:
        with connect(home) as connection:
            return connection.execute(query).fetchone()
    except psycopg.OperationalError:
        return None


@pytest.mark.timeout(900)
def test_everything_comes_up_heals_stops_without_a_trace_and_comes_back_with_its_data(start_shop):
    shop = start_shop()
    shop.wait_until_ready()
    assert shop.status_of("/healthz") == 200
    wait_until(lambda: shop.status_of("/readyz") == 200, HEAL_TIMEOUT_S)  # each queue's worker and beat were heard
    with connect(shop.home) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    worker = process_with(shop.home, "config.all_queues")
    worker.kill()
    wait_until(lambda: process_with(shop.home, "config.all_queues") not in {None, worker}, HEAL_TIMEOUT_S)
    assert shop.has_said("worker was killed by signal 9; starting it again now")

    postmaster = (shop.home / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
    os.kill(int(postmaster), signal.SIGKILL)
    wait_until(lambda: answers(shop.home, "SELECT answer FROM kept") == (42,), HEAL_TIMEOUT_S)
    assert shop.status_of("/healthz") == 200

    assert shop.stop() == 0
    assert shop.lines[-1] == "Stopped."
    assert processes_of(shop.home) == []

    shop = start_shop()
    shop.wait_until_ready()
    assert answers(shop.home, "SELECT answer FROM kept") == (42,)
    assert shop.status_of("/healthz") == 200
    shop.process.kill()  # not even asked: the rest goes with it
    wait_until(lambda: processes_of(shop.home) == [], HEAL_TIMEOUT_S)
