"""The servers Kindred needs: yours where a variable names them, embedded ones under KINDRED_HOME where none does.

The settings ask this module where the servers are, which starts nothing. Every entry point (manage.py, the worker, the
web application, the tests) calls `ensure_running()`, which starts what no variable names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from config.services import locks, preflight
from config.services.errors import ServiceError
from config.services.launch import rotate, server_identity
from config.services.paths import hand_over, home_directory, make_private_directory, socket_directory

__all__ = [
    "ServiceError",
    "broker_url",
    "cache_settings",
    "database_settings",
    "ensure_running",
    "home_directory",
    "needed",
    "release",
]

CONNECT_TIMEOUT_S = 3  # to a server that does not answer at all; what DATABASE_URL says goes first
CONNECTION_MAX_AGE_S = 600  # a new one costs Postgres 15 ms and plans every statement anew
SERVER_LOGS = ("postgres.log", "valkey.log", "services.log")


def database_settings(home: Path, *, url: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return Django's DATABASES entry. `url` empty means the embedded Postgres. Starts nothing.

    `options` are libpq's; what the URL says goes before them.
    """
    if url:
        import environ  # here, for the guardian does without it

        config: dict[str, Any] = environ.Env.db_url_config(url)
        config["HOST"] = unquote(config["HOST"])  # a socket directory is written postgres://user@%2Fpath/name
    else:
        config = {
            "NAME": "kindred",
            "USER": "kindred",
            "HOST": str(socket_directory(home)),
        }
    usual = {"connect_timeout": CONNECT_TIMEOUT_S, "server_side_binding": True}
    return config | {
        "ENGINE": "api.postgres",
        "OPTIONS": usual | dict(options or {}) | config.get("OPTIONS", {}),
        "CONN_MAX_AGE": CONNECTION_MAX_AGE_S,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # a pooler hands the connection on, and the cursor stays behind
    }


def broker_url(home: Path, *, url: str) -> str:
    """Return Celery's broker URL. `url` empty means the embedded Valkey. Starts nothing."""
    return url or f"redis+socket://{socket_directory(home) / 'valkey.sock'}"


def cache_settings(home: Path, *, url: str, broker: str) -> dict[str, Any]:
    """Return Django's CACHES entry. Starts nothing.

    Without a `url` the cache is database 1 of whatever Redis or Valkey the broker is: the embedded one where `broker`
    is empty. A broker of another kind leaves each process a cache of its own in memory.
    """
    if not url and broker:
        if urlsplit(broker).scheme not in {"redis", "rediss"}:
            return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        url = urlsplit(broker)._replace(path="/1").geturl()
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": url or f"unix://{socket_directory(home) / 'valkey.sock'}?db=1",
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.2, "SOCKET_TIMEOUT": 0.5},
    }


class Needed(NamedTuple):
    """Which embedded servers are to run."""

    database: bool
    broker: bool


@dataclass
class Use:
    """That this process uses the embedded servers of `home`: a shared hold on the users' lock."""

    pid: int
    home: Path
    fd: int


_use: Use | None = None


def ensure_running() -> None:
    """Start each embedded server that no variable replaces, and keep them up while this process lives.

    May be called any number of times, from any number of processes at once; a server that died is started again.
    Raises ServiceError, whose message says what to do next.
    """
    embedded = needed()
    if not embedded.database and not embedded.broker:
        return
    from config.services import broker, guardian, postgres  # they bring psutil and psycopg, which others do without

    home = home_directory()
    preflight.check_home(home)
    make_private_directory(home / "locks", owner=os.getuid())
    if socket_directory(home).parent == home:
        hand_over(socket_directory(home), owner=server_identity().uid)
    make_private_directory(socket_directory(home), owner=server_identity().uid)
    with locks.control(home / "locks"):
        hold_use(home)
        guardian.ensure(home)
        if embedded.broker:
            broker.ensure(home)
        if embedded.database:
            postgres.ensure(home)
    for name in SERVER_LOGS:
        rotate(home / "logs" / name)


def needed() -> Needed:
    """Return which embedded servers the environment leaves to us."""
    return Needed(database=not os.environ.get("DATABASE_URL"), broker=not os.environ.get("CELERY_BROKER_URL"))


def hold_use(home: Path) -> None:
    """Hold the users' lock in this process, once. A forked child takes a hold of its own."""
    global _use
    if _use and _use.pid == os.getpid() and _use.home == home:
        return
    lock = locks.Lock(home / "locks" / "users.lock")
    lock.acquire(shared=True)
    _use = Use(pid=os.getpid(), home=home, fd=lock.fd)


def release(*, timeout_s: float = 60.0) -> bool:
    """Say that this process is done with the servers, and wait until they are stopped.

    Returns False if another process still uses them, or if they have not stopped after `timeout_s`.
    """
    global _use
    if _use is None or _use.pid != os.getpid():
        return True
    run, deadline = _use.home / "locks", time.monotonic() + timeout_s
    os.close(_use.fd)
    _use = None
    while locks.is_held(run / "guardian.lock"):
        if locks.is_used(run) or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
