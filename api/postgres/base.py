"""Django's backend for Postgres with less to say for each request. Django looks for the class in a file of this name.

- It is known whether statements may be prepared: `api.postgres.rows` does so with those that one plan serves. Others
  are planned for their values, for what a filter keeps decides how a list of products is best found.
- Whether a connection that has waited still stands is seen from its socket, which costs no round trip.
- A statement with more values than Postgres takes beside one has them written into it.
"""

from __future__ import annotations

import select
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from psycopg import ClientCursor
from psycopg.pq import TransactionStatus

from api.database_session import has_session
from api.replica.patience import wait_or_give_up
from api.replica.routing import REPLICA
from api.request_ids import current_id

MAX_VALUES = 2**16 - 1  # beside one statement: the protocol counts them in two bytes; a list that is one value is one

MAX_NAME = 63  # bytes of an application_name
WAITING = (TransactionStatus.IDLE, TransactionStatus.INTRANS)  # for the next statement


@cache
def name_process() -> str:
    """Return what pg_stat_activity calls our connections: kindred, and the program or command."""
    program, *words = sys.argv
    path = Path(program)
    name = path.parent.name if path.stem == "__main__" else path.stem  # of `python -m`
    return " ".join(["kindred", *(words[:1] if name == "manage" else [name])])[: MAX_NAME - 33]  # an id beside it


class BindingCursor(base.ServerBindingCursor):  # its stubs do not know that it is a cursor of psycopg
    """Has Postgres bind the values, as far as it can: Django sends as many as a delete has products."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if params and len(params) > MAX_VALUES:
            query, params = ClientCursor(self.connection).mogrify(query, params), None  # type: ignore[attr-defined]
        return super().execute(query, params, **options)  # type: ignore[misc]


class DatabaseWrapper(base.DatabaseWrapper):
    may_prepare = False  # a pooler would give the next one a connection that knows none of our statements

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._told = ""  # the id that Postgres knows this connection by
        if settings.KINDRED_DATABASE_REQUEST_IDS:
            self.execute_wrappers.append(self._name_request)

    def _name_request(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Have Postgres know what a statement is for: by application_name, or in the statement behind a pooler.

        A pooler hands a name on to others. Nothing is prepared behind it, so a comment costs nothing there, whereas it
        would make each statement another one where they are.
        """
        request_id = current_id()
        if request_id and not self.may_prepare and isinstance(sql, str):
            sql = f"/* {request_id} */ {sql}"
        elif request_id != self._told and self.connection.pgconn.transaction_status in WAITING:
            self._told = request_id
            name = f"{name_process()} {request_id}".strip()[:MAX_NAME]
            self.connection.execute("SELECT set_config('application_name', %s, false)", [name])
        return execute(sql, params, many, context)

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        params.setdefault("application_name", name_process())
        if params["cursor_factory"] is base.ServerBindingCursor:
            params["cursor_factory"] = BindingCursor
        return params

    def init_connection_state(self) -> None:
        if self.alias == REPLICA:
            self.connection.wait = partial(wait_or_give_up, self.connection)
        super().init_connection_state()
        self._told = ""
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
