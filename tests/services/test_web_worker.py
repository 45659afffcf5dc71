"""The web server, started as `manage.py up` starts it: slow clients wait for themselves alone."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from types import SimpleNamespace

import psutil
import pytest

from config.management.commands.up import web_arguments
from config.web_worker import HELD_ADDRESS, WebWorker
from tests.conftest import PROJECT
from tests.services.conftest import wait_until

HOST = "127.0.0.1"
THREADS = 8  # two processes of four


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str, *, body: bytes | None = None, timeout_s: float = 15) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://{HOST}:{port}{path}", data=body)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.fixture(scope="module")
def started() -> Iterator[list[tuple[subprocess.Popen, int]]]:
    """Servers and their ports, killed at the end: to end in good order they would wait for what tests left open."""
    started: list[tuple[subprocess.Popen, int]] = []
    yield started
    for process, _port in started:
        process.kill()
        process.wait()


@pytest.fixture
def server(started, transactional_db, child_environment) -> tuple[subprocess.Popen, int]:
    """The server of this file's tests, and after one that killed it another."""
    if not started or started[-1][0].poll() is not None:
        started.append(start_server(child_environment))
    return started[-1]


def start_server(child_environment: dict[str, str]) -> tuple[subprocess.Popen, int]:
    port = free_port()
    environment = child_environment | {"KINDRED_MAX_UPLOAD_BYTES": "1000000"}
    process = subprocess.Popen(
        [sys.executable, "-m", *web_arguments(HOST, port, workers=2)], cwd=PROJECT, env=environment
    )
    for _ in range(300):
        try:
            ask(port, "/healthz", timeout_s=2)
            break
        except OSError:
            assert process.poll() is None, "the web server ended"
            time.sleep(0.1)
    return process, port


def test_a_probe_without_a_host_is_answered(server):
    """HTTP/1.0, as load balancers speak it; the server's own name is in no ALLOWED_HOSTS."""
    with socket.create_connection((HOST, server[1]), timeout=15) as balancer:
        balancer.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert balancer.recv(1000).startswith(b"HTTP/1.0 200 OK\r\n")


def test_nobody_waits_for_clients_that_are_idle_or_drip(server):
    _process, port = server
    begun = f"POST /api/v1/events/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    begun += "Content-Length: 99\r\n\r\n{"
    slow = [socket.create_connection((HOST, port)) for _ in range(10 * THREADS)]
    for number, client in enumerate(slow):
        client.sendall((begun if number % 2 else "GET / HTTP/1.1\r\nX-Slow: ").encode())
    statuses = [ask(port, "/api/v1/products/")[0] for _ in range(20)]
    assert statuses == [200] * 20
    slow[1].sendall(b" " * 98)  # and whoever finishes is answered
    assert slow[1].recv(100).startswith(b"HTTP/1.1 400")
    for client in slow:
        client.close()


def announce(port: int, path: str, *, length: int) -> bytes:
    """Return the answer to the headers of a request whose body is never sent."""
    with socket.create_connection((HOST, port), timeout=10) as client:
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n".encode())
        return client.recv(4096)


def test_a_body_over_the_limit_is_refused_before_it_is_read(server):
    _process, port = server
    for path in ("/search/", "/api/v1/search/image/", "/admin/login/"):
        assert announce(port, path, length=1_100_000).startswith(b"HTTP/1.1 413"), path
    status, body = ask(port, "/api/v1/events/", body=b"x" * 1_050_000)  # within what the server lets through to Django
    assert (status, json.loads(body)["code"]) == (413, "payload_too_large")


def test_the_processes_end_with_their_parent(server):
    process, _port = server
    wait_until(lambda: len(psutil.Process(process.pid).children()) >= 2)  # the first answers before the second is there
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    _gone, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """An address with somebody who has connected and waits to be let in."""
    with socket.create_server((HOST, 0)) as listener, socket.create_connection(listener.getsockname()):
        yield listener


def leaving_worker() -> WebWorker:
    worker = WebWorker.__new__(WebWorker)
    worker.server = SimpleNamespace(leaving_since=time.monotonic(), active_channels={})
    return worker


def test_who_leaves_lets_everybody_in_that_has_connected(listener, monkeypatch):
    monkeypatch.delenv(HELD_ADDRESS, raising=False)
    assert leaving_worker().take_last_ones(listener)


def test_who_leaves_an_address_that_systemd_holds_lets_nobody_in_any_more(listener, monkeypatch):
    """There is always somebody: who let all of them in would never be done, and would cut the last ones off."""
    monkeypatch.setenv(HELD_ADDRESS, "kindred-web.socket")
    with pytest.raises(SystemExit):
        leaving_worker().take_last_ones(listener.dup())
    next_process, _address = listener.accept()
    next_process.close()
