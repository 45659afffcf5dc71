"""`migrate`: Django's own, which first asks whether the database has all that the migrations need, and which stops no
visitor while it waits for a table (`config/patient_migrations.py`)."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections

from api.postgres.prerequisites import find_missing
from config import patient_migrations
from embeddings.spaces.locks import try_lock

migrate.MigrationExecutor = patient_migrations.PatientExecutor  # type: ignore[attr-defined]  # no other way in


MIGRATE_LOCK = "config:migrate"
WAIT_S = 1.0  # for another one, between two looks


class Command(migrate.Command):
    def execute(self, *args: Any, **options: Any) -> str | None:
        """Raises CommandError, with what to do, before anything is changed."""
        try:
            missing = find_missing(connections[options["database"]])
        except OperationalError as error:
            said = " ".join(str(error).split())
            raise CommandError(
                f"The database does not answer ({said}). Check DATABASE_URL, and that it is up."
            ) from None
        if missing:
            raise CommandError("\n".join(f"{message} {hint}" for message, hint in missing))
        done: str | None = super().execute(*args, **options)
        return done

    def handle(self, *args: Any, **options: Any) -> None:
        """One after the other, where several are told to: who comes second finds nothing left to do."""
        gives_up_at = time.monotonic() + patient_migrations.PATIENCE_S
        while True:
            with try_lock(MIGRATE_LOCK, purpose="migrate") as is_mine:
                if is_mine:
                    self._migrate(*args, **options)
                    return
            if time.monotonic() > gives_up_at:
                raise CommandError("Another `migrate` goes on still: wait for it, and see what it says.")
            time.sleep(WAIT_S)

    def _migrate(self, *args: Any, **options: Any) -> None:
        """Go on from the migration that somebody was in the way of. Raises CommandError where they stay there."""
        gives_up_at = time.monotonic() + patient_migrations.PATIENCE_S
        pause_s = patient_migrations.FIRST_PAUSE_S
        while True:
            try:
                super().handle(*args, **options)
                return
            except OperationalError as error:
                if not patient_migrations.is_held_up(error):
                    raise
                if time.monotonic() + pause_s > gives_up_at:
                    raise CommandError(STAYS) from None
            self.stdout.write(f" somebody works with a table that this one changes; trying again in {pause_s:.0f} s")
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, patient_migrations.LONGEST_PAUSE_S)


STAYS = (
    "A transaction has held a table for longer than this waits; the migrations named above with OK are done, and no "
    "other has begun. See who it is (SELECT pid, application_name, xact_start, query FROM pg_stat_activity ORDER BY "
    "xact_start), end it or wait for it, and migrate again."
)
