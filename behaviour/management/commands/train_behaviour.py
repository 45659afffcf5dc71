"""Learn from what shoppers did: a version beside the live one, which serves if it is no worse."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from behaviour.versions.building import build_version
from behaviour.versions.lifecycle import BUILD_LOCK, BuildRunning, VersionError, create_version
from behaviour.versions.nights import drop_outdated, find_unfinished
from behaviour.versions.promotion import promote_by_itself
from behaviour.versions.version import Version
from embeddings.management.progress import StageBars
from embeddings.spaces.locks import read_holder

UNITS = {
    "read": "part",
    "choose": "step",
    "learn": "step",
    "validate": "step",
    "rankings": "ranking",
    "profiles": "user",
}
GO_ON = "Run it again to go on: what is written stays."


class Command(BaseCommand):
    help = (
        "Learn from all events up to now, in a version beside the live one. May be stopped and started again. The "
        "first version serves at once, a later one if validation finds it no worse; `manage.py behaviour` has the rest."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Leave Django's own --version, which every command has, to the other commands."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--version", dest="name", metavar="NAME", default="", help="default: named for the day")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            version = find_version(name)
            self.stdout.write(f"Version {version.name}: all events up to {version.facts_until:%Y-%m-%d %H:%M} UTC.")
            with StageBars(UNITS) as bars:
                build_version(version, on_progress=bars.show)
            self.stdout.write(promote_by_itself(version))
            for dropped in drop_outdated():
                self.stdout.write(f"Version {dropped} is gone: nobody goes back to it.")
        except BuildRunning as error:
            holder = read_holder(BUILD_LOCK)
            raise CommandError(f"{error} {holder.description if holder else ''}".strip()) from None
        except VersionError as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            raise CommandError(f"The database went away: {str(error).strip()}\n{GO_ON}") from None
        except KeyboardInterrupt:
            raise CommandError(f"Stopped. {GO_ON}", returncode=130) from None


def find_version(name: str) -> Version:
    """Return the version to be built: the one of that name, else the one that was interrupted, else a new one."""
    found = Version.objects.filter(name=name).first() if name else find_unfinished()
    return found or create_version(name)
