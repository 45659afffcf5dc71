"""Advisory locks of Postgres: one creator of the first space, one promotion and one build at a time.

Every one is held by a transaction, never by a session: a pooler such as PgBouncer hands sessions on, and a lock that
belongs to one is left behind or given up by somebody else.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection
from psycopg import ClientCursor

BUILD_LOCK = "embeddings:build"
NAME_MAX_BYTES = 63  # what Postgres keeps of an application_name


@dataclass(frozen=True)
class Holder:
    """Who holds a lock, in words, and since when."""

    description: str
    since: datetime


def lock_until_commit(name: str) -> None:
    """Wait until no other transaction holds the lock of that name; held until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


@contextmanager
def try_lock(name: str, *, purpose: str) -> Iterator[bool]:
    """Yield whether the lock of that name was free; if so it is held until the block, or the process, ends.

    `purpose` is what `read_holder` tells others. The transaction that holds it is on a connection of its own, open as
    long as the block: it has read nothing, so it holds up neither vacuum nor an index build.
    """
    with closing(connection.copy()) as own:
        own.set_autocommit(False)
        # Bound by the client: a statement that Postgres binds keeps its snapshot until the next one, and an index build
        # would wait for that for ever.
        with own.wrap_database_errors, ClientCursor(own.connection) as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)), "
                "set_config('application_name', %s, true), "
                "set_config('idle_in_transaction_session_timeout', '0', true), "
                "set_config('statement_timeout', '0', true)",
                [name, describe_holder(purpose)],
            )
            row = cursor.fetchone()
        taken = bool(row and row[0])
        try:
            yield taken
        finally:
            with suppress(DatabaseError):  # a connection that was lost has given up its lock
                own.rollback()  # a closed connection alone gives it up only when Postgres notices


def read_holder(name: str) -> Holder | None:
    """Return who holds the lock of that name, None where nobody does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH wanted AS (SELECT hashtextextended(%s, 0) AS key) "
            "SELECT coalesce(nullif(application_name, ''), 'process ' || pid), coalesce(xact_start, now()) "
            "FROM wanted, pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
            "AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND ((classid::bigint << 32) | objid::bigint) = key",
            [name],
        )
        row = cursor.fetchone()
    return Holder(*row) if row else None


def describe_holder(purpose: str) -> str:
    """Return what Postgres shows of a holder: `space default, process 4711 on shop-1`, in ASCII, cut to its length."""
    words = f"{purpose}, process {os.getpid()} on {socket.gethostname()}"
    return words.encode("ascii", "replace")[:NAME_MAX_BYTES].decode()
