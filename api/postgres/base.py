"""Django's backend for Postgres with less to say for each request. Django looks for the class in a file of this name.

- It is known whether statements may be prepared: `api.postgres.rows` does so with those that one plan serves. Others
  are planned for their values, for what a filter keeps decides how a list of products is best found.
- Whether a connection that has waited still stands is seen from its socket, which costs no round trip.
- A statement with more values than Postgres takes beside one has them written into it.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import ClientCursor
from psycopg.pq import TransactionStatus

from api.database_session import has_session
from api.replica.routing import REPLICA

MAX_VALUES = 2**16 - 1  # beside one statement: the protocol counts them in two bytes; a list that is one value is one

WAITING = (TransactionStatus.IDLE, TransactionStatus.INTRANS)  # for the next statement


class BindingCursor(base.ServerBindingCursor):  # its stubs do not know that it is a cursor of psycopg
    """Has Postgres bind the values, as far as it can: Django sends as many as a delete has products."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if params and len(params) > MAX_VALUES:
            query, params = ClientCursor(self.connection).mogrify(query, params), None  # type: ignore[attr-defined]
        return super().execute(query, params, **options)  # type: ignore[misc]


class DatabaseWrapper(base.DatabaseWrapper):
    may_prepare = False  # a pooler would give the next one a connection that knows none of our statements

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        if params["cursor_factory"] is base.ServerBindingCursor:
            params["cursor_factory"] = BindingCursor
        return params

    def init_connection_state(self) -> None:
        super().init_connection_state()
        self.may_prepare = has_session(self)
        if self.alias == REPLICA and self.may_prepare:  # its pooler has to say so itself: docs/operations.md
            with self.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = on")

    def is_usable(self) -> bool:
        """Asked at the first statement of each request, since what has waited may have been closed.

        Postgres says nothing to a connection that waits: what is there to be read is its farewell or the end. Only then
        Postgres is asked, for it may be a notification as well, and where something was broken off that has not ended.
        """
        if self.connection is None or self.connection.closed:
            return False
        plain = self.connection.pgconn
        if plain.transaction_status not in WAITING:
            return super().is_usable()
        arrived = select.poll()
        arrived.register(plain.socket, select.POLLIN)
        return not arrived.poll(0) or super().is_usable()
