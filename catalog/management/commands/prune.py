"""`prune`: what has been kept for long enough is forgotten at once, as workers do in the course of a day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog.pictures import left_files as left_files  # registered by being imported, as what follows
from catalog.pruning import PRUNERS
from catalog.uploads import pruning as pruning
from catalog.view_audit import retention as retention


class Command(BaseCommand):
    help = (
        "Forget what has been kept for long enough: files of imports and exports, what they changed, files of deleted "
        "pictures and sounds, who saw what."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say how much would go, and forget nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        done = "would go" if options["dry_run"] else "forgotten"
        for _, (title, prune) in sorted(PRUNERS.items()):  # by name, whatever was imported first
            self.stdout.write(f"{title}: {prune(options['dry_run'])} {done}")
