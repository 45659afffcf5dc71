"""`prune`: what has been kept for long enough is forgotten at once, as workers do in the course of a day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.models import Chore
from catalog.pruning import PRUNERS, prune


class Command(BaseCommand):
    help = (
        "Forget what has been kept for long enough: events, what encoders said of what is gone, files that no row "
        "names, imports and exports, answers, vectors of retired spaces, who saw what. In short batches, beside the "
        "shop; interrupted, it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("parts", nargs="*", metavar="PART", help=f"by default all: {', '.join(sorted(PRUNERS))}")
        parser.add_argument("--dry-run", action="store_true", help="say how much would go, and forget nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if unknown := set(options["parts"]) - set(PRUNERS):
            raise CommandError(f"There is no {', '.join(sorted(unknown))}. Choose of {', '.join(sorted(PRUNERS))}.")
        for name in sorted(options["parts"] or PRUNERS):  # by name, whatever was imported first
            self.forget(name, dry_run=options["dry_run"])

    def forget(self, name: str, *, dry_run: bool) -> None:
        """Take one part to its end, with the count where somebody looks on."""
        title, done = f"{name} ({PRUNERS[name].title})", "would go" if dry_run else "forgotten"

        def show(count: int) -> None:
            if self.stdout.isatty():
                self.stdout.write(f"\r{title}: {count} {done}", ending="")
                self.stdout.flush()

        is_half_done = not dry_run and Chore.objects.filter(name=name).exclude(state={}).exists()
        count = prune(name, dry_run=dry_run, on_batch=show)
        if is_half_done:  # that round was begun by a worker: what it had passed by then is looked at as well
            count += prune(name, on_batch=lambda more: show(count + more))
        self.stdout.write(f"{chr(13) if self.stdout.isatty() else ''}{title}: {count} {done}")
