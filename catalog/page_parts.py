"""Parts of a shop's pages, such as template tags: where one cannot be made, or not in time, the page does without."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction

from api.problems import RequestError
from api.replica.reading import raise_if_replica_failed
from api.replica.routing import reading_connection

logger = logging.getLogger(__name__)


Part = TypeVar("Part")
SET_LIMIT = "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)"


def make_or_leave_out(
    make: Callable[[], Part], *, what: str, expected: tuple[type[Exception], ...] = ()
) -> Part | None:
    """Return what `make` makes, or None, with the reason in the log under the name `what`.

    Each of its statements may take KINDRED_TAG_TIMEOUT_S. Left out is what the page cannot help: what is `expected`,
    such as a product that is gone, a database that is away or too slow, a transaction that somebody else has broken. A
    mistake in the template is raised while DEBUG is on, so that whoever makes it sees it.
    """
    try:
        with limit_statements(seconds=settings.KINDRED_TAG_TIMEOUT_S):
            return make()
    except expected as error:
        logger.warning("%s is left out of a page: %s", what, error)
    except RequestError as error:
        if settings.DEBUG:
            raise
        logger.error("%s is left out of a page: %s", what, error)
    except (DatabaseError, InterfaceError) as error:
        raise_if_replica_failed(error)
        logger.error("%s is left out of a page: the database does not answer: %s", what, str(error).strip())
    return None


@contextmanager
def limit_statements(*, seconds: float) -> Iterator[None]:
    """Have Postgres cancel each statement inside that takes longer; 0: as long as the process's own limit allows.

    A failure inside undoes what is inside alone: the transaction of whoever stands around it can go on.
    """
    connection = reading_connection()
    is_inside = connection.in_atomic_block
    with transaction.atomic(using=connection.alias):
        before = set_limit(f"{seconds * 1000:.0f}") if seconds else None
        yield
        if before is not None and is_inside:
            set_limit(before)  # the transaction around this one would keep ours until its end


def set_limit(limit: str) -> Any:
    """Set statement_timeout for this transaction, in milliseconds or as Postgres writes it. Returns what it was."""
    with reading_connection().cursor() as cursor:
        cursor.execute(SET_LIMIT, [limit])
        return cursor.fetchone()[0]
