"""`manage.py forget_user ID`: erase a user, as DELETE users/{id}/ does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from behaviour.privacy.erasure import erase_user
from behaviour.privacy.receipt import sign_receipt


class Command(BaseCommand):
    help = "Erase all that is known of a user, refuse what is sent of them again, and print a signed receipt."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user_id", help="as your shop calls the user")

    def handle(self, *args: Any, **options: Any) -> None:
        user_id: str = options["user_id"]
        erased, erased_at = erase_user(user_id)
        counts = ", ".join(f"{count} {kind}" for kind, count in erased.items())
        self.stderr.write(f"Erased {counts}. The receipt, to be kept or sent on:")
        self.stdout.write(sign_receipt({"user_id": user_id, "erased": erased, "erased_at": erased_at.isoformat()}))
