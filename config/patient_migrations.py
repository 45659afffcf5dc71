"""Migrations that stop nobody: one that cannot have its lock at once gives up, lets others pass, and tries again.

Who waits for a table as a whole (ACCESS EXCLUSIVE, which most changes of one take) has everybody wait who comes after,
readers included, for as long as the slowest reader of before goes on: a report, a backup, a build. So a migration
waits for LOCK_WAIT_S at most. What it did until then is undone, and those that waited behind it are answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg.errors import DeadlockDetected, LockNotAvailable

LOCK_WAIT_S = 1.0  # that everybody else waits as well; well below what a statement of the web process may take (5 s)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0  # between tries, each of which is twice as long as the one before
PATIENCE_S = 900.0  # then whoever deploys has to see who holds the table


class PatientExecutor(MigrationExecutor):
    """Gives each migration that is one transaction a limit to how long its statements wait for a lock.

    One that is none (`atomic = False`) builds or drops indexes concurrently: that stops nobody, waits for others by
    design, and would leave half an index if it gave up.
    """

    def apply_migration(self, state: Any, migration: Any, *args: Any, **options: Any) -> Any:
        with limited_wait(self.connection.alias, migration):
            return super().apply_migration(state, migration, *args, **options)

    def unapply_migration(self, state: Any, migration: Any, *args: Any, **options: Any) -> Any:
        with limited_wait(self.connection.alias, migration):
            return super().unapply_migration(state, migration, *args, **options)


@contextmanager
def limited_wait(alias: str, migration: Any) -> Iterator[None]:
    """Have what a migration does, and the note that it is done, be one transaction with a limit of its own."""
    if not migration.atomic:
        yield
        return
    with transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_WAIT_S * 1000:.0f}ms"])
        yield


def is_held_up(error: OperationalError) -> bool:
    """Return whether somebody else was in the way, so that another try may do."""
    return isinstance(error.__cause__, LockNotAvailable | DeadlockDetected)
