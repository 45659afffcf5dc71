"""`restore`: a folder of `backup` in place of what is there, compared with what was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from config.backup import keys
from config.backup.errors import BackupError
from config.backup.manifest import read_manifest
from config.backup.restoring import check_backup, check_target, restore_backup

HELP = (
    "Restore a backup: its files are checked, media are put where they are missing, and the database is replaced in "
    "one transaction, so that it is all there or nothing has changed. Then counts of all tables and the similar "
    "products of a handful are compared with what was saved."
)


class Command(BaseCommand):
    help = HELP
    requires_system_checks = []  # there may be no table yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of `manage.py backup`")
        parser.add_argument("--force", action="store_true", help="replace a database that holds something")
        parser.add_argument("--check", action="store_true", help="check the files and the target, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"].absolute()
        try:
            saved = read_manifest(folder)
            if options["check"]:
                check_backup(folder, saved, say=self.stdout.write)
                self.stdout.write("The backup is whole.")
                check_target(saved, is_forced=options["force"])
                self.stdout.write("It can be restored here.")
                return
            restore_backup(folder, is_forced=options["force"], say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        except (DatabaseError, OSError) as error:  # a server or a disk that is away, in the words of its driver
            raise CommandError(f"{' '.join(str(error).split())}: `manage.py doctor` says what is amiss.") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Run this again: with --force, if all was restored by then.") from None
        rows = sum(saved.counts.values())
        self.stdout.write(f"Restored: {rows} rows of {len(saved.counts)} tables, {len(saved.answers)} answers the same")
        self.advise(saved.variables, is_same_key=keys.recognise_key(saved.made_at) == saved.key_mark)

    def advise(self, variables: list[str], *, is_same_key: bool) -> None:
        """Say what a backup cannot bring: secrets of the environment."""
        if "SECRET_KEY" in variables and not is_same_key:
            self.stdout.write(
                "SECRET_KEY is another one than when the backup was made: set it to that one, or name that one in "
                "SECRET_KEY_FALLBACKS. Without it credentials of sources have to be given again, and shoppers are "
                "known by other pseudonyms."
            )
        if others := [name for name in variables if name != "SECRET_KEY"]:
            self.stdout.write(f"Set as they were when the backup was made: {', '.join(others)}")
