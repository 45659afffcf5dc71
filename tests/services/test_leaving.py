"""A web server that is told to end, or to make room for the next release, leaves nobody without an answer."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from config.services.paths import BASE_DIR
from tests.services.conftest import wait_until

# Takes a fifth of a second with each request; says who it is, and how old its code.
APPLICATION = """
import os, time


def application(environ, start_response):
    time.sleep(0.2)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"{release}"]
"""
GUNICORN = shutil.which("gunicorn", path=Path(sys.executable).parent) or "gunicorn"


@pytest.fixture
def server(tmp_path) -> Iterator[tuple[psutil.Process, int]]:
    """The master of one process with one thread, and its port."""
    (tmp_path / "shop.py").write_text(APPLICATION.format(release="old"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [GUNICORN, "shop", "--worker-class", "config.web_worker.WebWorker", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "1", "--threads", "1", "--preload", "--no-control-socket", "--pid", "web.pid"]
    with (tmp_path / "log").open("wb") as log:
        environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{BASE_DIR}", "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    wait_until(lambda: can_connect(port))
    assert ask(port) == b"old"
    yield psutil.Process(process.pid), port
    for name in ("web.pid", "web.pid.2"):
        if (tmp_path / name).exists():
            os.kill(int((tmp_path / name).read_text()), signal.SIGTERM)
    process.wait(timeout=20)
    wait_until(lambda: not can_connect(port))


def can_connect(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask(port: int) -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().read()


def test_whoever_has_connected_is_served_before_the_server_ends(server):
    master, port = server
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as kept, ThreadPoolExecutor(8) as pool:
        kept.request("GET", "/")
        assert kept.getresponse().read() == b"old"
        answers = [pool.submit(ask, port) for _ in range(7)]  # one is worked at, six wait for the thread
        time.sleep(0.1)
        master.terminate()
        time.sleep(0.1)
        kept.request("GET", "/")  # by a connection of before
        answer = kept.getresponse()
        assert [*(future.result() for future in answers), answer.read()] == [b"old"] * 8
        assert answer.headers["Connection"] == "close"
    master.wait(timeout=10)


def test_the_next_release_takes_over_and_nobody_notices(server, tmp_path):
    master, port = server
    answers, problems, stopping = [], [], threading.Event()

    def visit() -> None:
        while not stopping.is_set():
            try:
                answers.append(ask(port))
            except (OSError, http.client.HTTPException) as error:
                problems.append(error)

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    (tmp_path / "shop.py").write_text(APPLICATION.format(release="new"))
    master.send_signal(signal.SIGUSR2)
    wait_until(lambda: (tmp_path / "web.pid.2").exists() and has_workers(int((tmp_path / "web.pid.2").read_text())))
    master.terminate()
    master.wait(timeout=10)
    wait_until(lambda: answers[-3:] == [b"new"] * 3)
    stopping.set()
    for visitor in visitors:
        visitor.join()
    assert (problems, set(answers)) == ([], {b"old", b"new"})


def has_workers(pid: int) -> bool:
    return bool(psutil.Process(pid).children())
