"""Whether a connection to Postgres is a session of ours: what is set on it stays, and nobody else is given it.

Behind PgBouncer in transaction mode it is none: each transaction may run on another connection of the pool, and what
one leaves behind (a setting, a LISTEN, a lock, a cursor) is the next one's. So nothing in Kindred needs a session, and
what is better with one asks here first.
"""

from __future__ import annotations

from typing import Any


def has_session(connection: Any) -> bool:
    """Return whether Postgres itself answers this Django connection, and no pooler in between.

    A pooler invents the process number that it gives to a client when it connects; Postgres says its own.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return bool(cursor.fetchone()[0] == connection.connection.info.backend_pid)
