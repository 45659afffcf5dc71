"""`import_wordings`: what categories, attributes and values are called in other languages, from a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.wordings.loading import BadWordings, load_wordings


class Command(BaseCommand):
    help = (
        "Load what categories, attributes and values of attributes are called in other languages: a CSV with the "
        "columns kind (category, attribute, value), name, language and text. Names that are there are worded anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a CSV in UTF-8")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = load_wordings(options["file"])
        except (OSError, UnicodeDecodeError, BadWordings) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        self.stdout.write(f"{count} names are worded.")
