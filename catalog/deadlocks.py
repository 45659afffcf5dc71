"""Doing a transaction again when Postgres undid it to break a deadlock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError

DEADLOCK = "40P01"  # SQLSTATE
ATTEMPTS = 4

Result = TypeVar("Result")


def read_sqlstate(error: Exception) -> str | None:
    """Return Postgres's code for what went wrong."""
    return getattr(error.__cause__, "sqlstate", None)


def retry_deadlocks(transact: Callable[[], Result]) -> Result:
    """Return what `transact` does in a transaction of its own, tried again where it met a deadlock.

    Writers that lock rows in orders of their own (an import and a worker, say) can wait for each other. Postgres then
    lets one of them fail, and there is nothing wrong with what it was about to do.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return transact()
        except OperationalError as error:
            if read_sqlstate(error) != DEADLOCK:
                raise
    return transact()
