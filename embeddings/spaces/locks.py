"""Advisory locks of Postgres: one creator of the first space, one promotion and one build at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

BUILD_LOCK = "embeddings:build"


def lock_until_commit(name: str) -> None:
    """Wait until no other transaction holds the lock of that name; held until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


@contextmanager
def try_session_lock(name: str) -> Iterator[bool]:
    """Yield whether the lock of that name was free; if so it is held until the block, or the connection, ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        taken = bool(cursor.fetchone()[0])
    try:
        yield taken
    finally:
        if taken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def is_lock_taken(name: str) -> bool:
    """Return whether some connection holds the session lock of that name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH wanted AS (SELECT hashtextextended(%s, 0) AS key) SELECT EXISTS (SELECT FROM pg_locks, wanted "
            "WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND ((classid::bigint << 32) | objid::bigint) = key)",
            [name],
        )
        return bool(cursor.fetchone()[0])
