"""`backup`: database, media and keys into a folder, beside a running shop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from config.backup.errors import BackupError
from config.backup.files import say_bytes
from config.backup.making import make_backup

HELP = (
    "Write a backup into a new folder: the database as of one moment, pictures and sounds, and the keys that are "
    "files, with a manifest of digests, counts and answers that `restore` compares. The shop goes on meanwhile. "
    "Interrupted, it leaves nothing that could be taken for a backup."
)


class Command(BaseCommand):
    help = HELP
    requires_system_checks = []  # what is amiss is to be saved all the same

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="it is not there yet, or empty")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"].absolute()
        try:
            made = make_backup(folder, say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        except (DatabaseError, OSError) as error:  # a server or a disk that is away, in the words of its driver
            raise CommandError(f"{' '.join(str(error).split())}: `manage.py doctor` says what is amiss.") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted: nothing is left of it.") from None
        size = say_bytes(sum(one["bytes"] for one in made.files.values()))
        rows = sum(made.counts.values())
        self.stdout.write(f"{folder}: complete, {size}, {rows} rows of {len(made.counts)} tables")
        if made.media["kept_in"] == "bucket":
            self.stdout.write("Media are in a bucket, which is not copied: have it keep versions of its objects.")
        if made.variables:
            self.stdout.write(f"Not in it, keep them elsewhere: {', '.join(made.variables)}")
