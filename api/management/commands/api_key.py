"""`manage.py api_key create|list|revoke`: keys of the REST API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from api.models import ApiKey


class Command(BaseCommand):
    help = "Makes, lists and revokes the keys of the REST API."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make a key and print it, once")
        create.add_argument("name", help="whose key it is, such as 'iOS app'")
        create.add_argument("--scope", choices=ApiKey.Scope.values, required=True)
        create.add_argument("--expires-in-days", type=int, metavar="N", help="without it the key never expires")
        verbs.add_parser("list", help="show all keys, by what can be told of them")
        revoke = verbs.add_parser("revoke", help="shut a key out at once")
        revoke.add_argument("prefix", help="the beginning of the key, as `list` shows it")

    def handle(self, *, verb: str, **options: Any) -> None:
        verbs: dict[str, Callable[..., None]] = {"create": self.create, "list": self.list, "revoke": self.revoke}
        verbs[verb](**options)

    def create(self, *, name: str, scope: str, expires_in_days: int | None, **_: Any) -> None:
        if expires_in_days is not None and expires_in_days < 1:
            raise CommandError("--expires-in-days takes a number of at least 1.")
        expires_at = timezone.now() + timedelta(days=expires_in_days) if expires_in_days else None
        _key, token = ApiKey.objects.issue(name, scope=scope, expires_at=expires_at)
        self.stderr.write("Copy the key now: only a hash of it is kept, so it is not shown again.")
        self.stdout.write(token)  # alone on stdout, so that KEY=$(manage.py api_key create ...) works

    def list(self, **_: Any) -> None:
        row = "{:<20} {:<12} {:<8} {:<17} {}"
        self.stdout.write(row.format("KEY", "SCOPE", "STATE", "LAST USED", "NAME"))
        for key in ApiKey.objects.all():
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
            self.stdout.write(row.format(f"{key.prefix}…", key.scope, key.state, used, key.name))

    def revoke(self, *, prefix: str, **_: Any) -> None:
        keys = list(ApiKey.objects.filter(prefix__startswith=prefix.rstrip("…")))
        if len(keys) != 1:
            raise CommandError(f"{len(keys)} keys begin with {prefix!r}. `api_key list` shows them.")
        keys[0].revoke()
        self.stdout.write(f"Revoked {keys[0]}.")
