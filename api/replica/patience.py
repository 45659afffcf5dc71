"""How long this end waits for what the replica was asked: a server that hangs, or has lost its power, says nothing.

Postgres has a limit to a statement; this one is for when Postgres itself does not answer. There is none for the
primary: nobody else could be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from psycopg import OperationalError
from psycopg.errors import _WaitTimeout

SPARE_S = 1.0  # beyond what a statement may take there
LONGEST_S = 60.0  # where it may take as long as it likes
_limit_s: ContextVar[float | None] = ContextVar("limit_s", default=None)


@contextmanager
def wait_at_most(seconds: float) -> Iterator[None]:
    """Wait no longer than that for any answer inside."""
    before = _limit_s.set(seconds)
    try:
        yield
    finally:
        _limit_s.reset(before)


def wait_or_give_up(connection: Any, work: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
    """Do what psycopg's `Connection.wait` does, for a while; then end the connection, which could not be used again.

    Raises OperationalError.
    """
    allowed = settings.KINDRED_STATEMENT_TIMEOUT_S
    limit = timeout or _limit_s.get() or (allowed + SPARE_S if allowed else LONGEST_S)
    try:
        return type(connection).wait(connection, work, interval, limit)
    except _WaitTimeout:
        connection.pgconn.finish()
        raise OperationalError(f"the replica has not answered for {limit:g} s") from None
