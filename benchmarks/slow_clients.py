"""Idle and dripping connections beside normal traffic: does anybody wait for them?

    python benchmarks/slow_clients.py [--servers up gunicorn] [--idle 500] [--dripping 200] [--seconds 20] [--port 8990]

Starts the web server as `manage.py up` does, and gunicorn with threads for comparison, on the shop under KINDRED_HOME.
Opens connections that say nothing, that drip a request a byte a second, in the header or in the body, and that read an
answer a byte a second; and asks for a page of products over new connections all the while. Prints a line for each
server: requests, how many failed, the median and the longest wait, the memory of its processes (RSS), and how long it
took to stop. Loopback only.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

import django  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config.management.commands.up import web_arguments  # noqa: E402

ADDRESS = "127.0.0.1"
NORMAL_THREADS = 4
PATH = "/api/v1/products/?page_size=10"


def command_of(server: str, *, port: int) -> list[str]:
    if server == "up":
        return [sys.executable, "-m", *web_arguments(ADDRESS, port, workers=2)]
    return [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{ADDRESS}:{port}", "--workers", "2",
            "--threads", "4", "--preload", "--no-control-socket", "--log-level", "warning"]  # fmt: skip


def wait_until_up(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://{ADDRESS}:{port}/healthz", timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")


def open_slow_clients(port: int, *, idle: int, dripping: int) -> list[tuple[socket.socket, bytes]]:
    """Return sockets, each with what it has still to send."""
    header = f"GET {PATH} HTTP/1.1\r\nHost: {ADDRESS}\r\nX-Slow: {'x' * 500}\r\n\r\n".encode()
    body = f"POST /api/v1/events/ HTTP/1.1\r\nHost: {ADDRESS}\r\nContent-Type: application/json\r\n"
    body += "Content-Length: 5000\r\n\r\n"
    clients = []
    for number in range(idle + dripping):
        client = socket.create_connection((ADDRESS, port), timeout=5)
        left = b""
        if number >= idle and number % 3 == 0:
            left = header
        elif number >= idle and number % 3 == 1:
            client.sendall(body.encode())
            left = b" " * 5000
        elif number >= idle:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(f"GET /api/v1/schema/ HTTP/1.1\r\nHost: {ADDRESS}\r\nConnection: close\r\n\r\n".encode())
        client.setblocking(False)
        clients.append((client, left))
    return clients


def drip(clients: list[tuple[socket.socket, bytes]], stop: threading.Event) -> None:
    """A byte a second, to and from each."""
    place = 0
    while not stop.wait(1):
        for client, left in clients:
            with suppress(OSError):  # nothing there, or the server has shut it: its right
                if left[place : place + 1]:
                    client.send(left[place : place + 1])
                else:
                    client.recv(1)
        place += 1


def ask(port: int, until: float, waits: list[float], failures: list[str]) -> None:
    while time.monotonic() < until:
        started = time.monotonic()
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}:{port}{PATH}", timeout=10) as answer:
                answer.read()
            waits.append(time.monotonic() - started)
        except OSError as error:
            failures.append(str(error))


def measure(server: str, options: argparse.Namespace) -> None:
    process = subprocess.Popen(command_of(server, port=options.port), cwd=PROJECT)
    stop, waits, failures = threading.Event(), [], []
    try:
        wait_until_up(options.port)
        clients = open_slow_clients(options.port, idle=options.idle, dripping=options.dripping)
        threads = [threading.Thread(target=drip, args=(clients, stop))]
        until = time.monotonic() + options.seconds
        threads += [
            threading.Thread(target=ask, args=(options.port, until, waits, failures)) for _ in range(NORMAL_THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads[1:]:
            thread.join()
        stop.set()
        threads[0].join()
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        memory = sum(one.memory_info().rss for one in family) / 1024**2
        for client, _ in clients:
            client.close()
    finally:
        process.terminate()
        started = time.monotonic()
        process.wait(timeout=30)
    median = statistics.median(waits) if waits else float("nan")
    longest = max(waits, default=float("nan"))
    print(f"{server:10} {len(waits):8} {len(failures):7} {1000 * median:9.1f} {1000 * longest:9.1f} {memory:6.0f}"
          f" {time.monotonic() - started:6.1f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--servers", nargs="+", default=["up", "gunicorn"], choices=["up", "gunicorn"], help="default: both"
    )
    parser.add_argument("--idle", type=int, default=500, help="connections that say nothing, default: %(default)s")
    parser.add_argument("--dripping", type=int, default=200, help="connections of each slow kind, default: %(default)s")
    parser.add_argument("--seconds", type=float, default=20, help="how long to look, default: %(default)s")
    parser.add_argument("--port", type=int, default=8990, help="default: %(default)s")
    options = parser.parse_args()
    print(f"{options.idle} idle, {options.dripping} dripping")
    print(f"{'server':10} {'requests':>8} {'failed':>7} {'p50 ms':>9} {'max ms':>9} {'MiB':>6} {'stop s':>6}")
    for server in options.servers:
        measure(server, options)


if __name__ == "__main__":
    main()
