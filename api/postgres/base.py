"""Django's backend for Postgres with less to say for each request. Django looks for the class in a file of this name.

- It is known whether statements may be prepared: `api.postgres.rows` does so with those that one plan serves. Others
  are planned for their values, for what a filter keeps decides how a list of products is best found.
- Whether a connection that has waited still stands is seen from its socket, which costs no round trip.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base

from api.database_session import has_session


class DatabaseWrapper(base.DatabaseWrapper):
    may_prepare = False  # a pooler would give the next one a connection that knows none of our statements

    def init_connection_state(self) -> None:
        super().init_connection_state()
        self.may_prepare = has_session(self)

    def is_usable(self) -> bool:
        """Asked at the first statement of each request, since what has waited may have been closed.

        Postgres says nothing to a connection that waits: what is there to be read is its farewell or the end. Only then
        Postgres is asked, for it may be a notification as well.
        """
        if self.connection.closed:
            return False
        arrived = select.poll()
        arrived.register(self.connection.pgconn.socket, select.POLLIN)
        return not arrived.poll(0) or super().is_usable()
