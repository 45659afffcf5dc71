"""Which database a read goes to: the primary, unless the request at hand has been sent to the replica.

Only rows of the shop are read there. Who asks (sessions, users, API keys) is read from the primary, for what is read of
them may be written back. A request that is about to write reads on from the primary, so that it sees what it wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

REPLICA = "replica"  # of settings.DATABASES
SHOP_APPS = frozenset({"catalog", "embeddings", "recommendations", "behaviour"})
_reads_from: ContextVar[str] = ContextVar("reads_from", default=DEFAULT_DB_ALIAS)


class ReplicaRouter:
    """Django's router. It always names a database: Django would else go by where a row was read, also to write it."""

    def db_for_read(self, model: Any, **_: Any) -> str:
        return _reads_from.get() if model._meta.app_label in SHOP_APPS else DEFAULT_DB_ALIAS

    def db_for_write(self, *_: Any, **__: Any) -> str:
        _reads_from.set(DEFAULT_DB_ALIAS)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *_: Any, **__: Any) -> bool:
        return True

    def allow_migrate(self, db: str, *_: Any, **__: Any) -> bool:
        return db != REPLICA


def is_configured() -> bool:
    """Whether there is a replica at all."""
    return REPLICA in connections.settings


def reads_replica() -> bool:
    """Whether reads go to the replica just now."""
    return _reads_from.get() == REPLICA


def reading_connection() -> Any:
    """Return the connection for a statement that reads and is written by hand."""
    return connections[_reads_from.get()]


@contextmanager
def read_from_replica() -> Iterator[None]:
    """Send what is read inside to the replica."""
    before = _reads_from.set(REPLICA)
    try:
        yield
    finally:
        _reads_from.reset(before)
