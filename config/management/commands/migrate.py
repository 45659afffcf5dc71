"""`migrate`: Django's own, which first asks whether the database has all that the migrations need."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections

from api.postgres.prerequisites import find_missing


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
