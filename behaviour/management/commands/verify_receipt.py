"""`manage.py verify_receipt TEXT`: what a receipt of an erasure says, if this server gave it."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from behaviour.privacy.receipt import BadReceipt, read_receipt


class Command(BaseCommand):
    help = "Print what a receipt of an erasure says. Exit code 1 where this server did not give it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("receipt", help="the text under `receipt` in what the erasure answered")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            said = read_receipt(options["receipt"])
        except BadReceipt as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))
