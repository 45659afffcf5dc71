"""Django's backend for Postgres with less to say for each request. Django looks for the class in a file of this name.

- Statements that a connection has run a few times are prepared: Postgres reads and checks their text no more. It still
  plans them anew for the values at hand, for what a filter keeps decides how a list is best found.
- Whether a connection that has waited still stands is seen from its socket, which costs no round trip.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base

from api.database_session import has_session

PREPARED_FROM = 3  # executions of a statement by one connection


class DatabaseWrapper(base.DatabaseWrapper):
    def init_connection_state(self) -> None:
        """Prepare statements where they stay. A pooler would give the next one a connection that knows none of them."""
        super().init_connection_state()
        if has_session(self):
            self.connection.execute("SET plan_cache_mode = force_custom_plan")
            self.connection.prepare_threshold = PREPARED_FROM

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
