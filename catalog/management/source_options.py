"""The options of a source on the command line, and its credentials, which are never there."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import CommandError

from catalog.importers.decimal_marks import MARKS
from catalog.models import Source
from catalog.sources.feed import Credentials

PLAIN = (
    "kind", "address", "schedule", "currency", "language", "shop_url", "encoding", "decimal", "pictures", "vanished",
    "guard", "claims",
)  # fmt: skip


def add_options(parser: ArgumentParser, *, is_new: bool) -> None:
    """Let a parser take what a source may be told."""
    add = parser.add_argument
    add("--kind", choices=Source.Kind.values, required=is_new, help="what wrote the feed")
    add("--address", required=is_new, help="http:// or https://, or a file")
    add("--schedule", help='"every 30 minutes", "every 6 hours", "daily at 03:30" (UTC); default: as is usual')
    add("--currency", metavar="C", help="of prices that the feed gives none for, such as EUR")
    add("--language", metavar="L", help="only for a feed that translates another one's products, such as de")
    add("--shop-url", metavar="URL", help="address of the shop, where the feed names its pages without it")
    add("--encoding", help="default: utf-8")
    add("--decimal", choices=list(MARKS), help="what prices have before their cents, where it is unclear")
    add("--pictures", choices=Source.Pictures.values, help="which pictures are taken; default: all")
    add("--vanished", choices=Source.Vanished.values, help="what becomes of products that the feed lacks")
    add("--guard", type=float, metavar="SHARE", help="of the products that may vanish unasked; default: 0.2")
    add("--claim", dest="claims", action="store_true", default=None, help="take over products that no import made")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--user", metavar="NAME", help="log in by name and password (basic authentication)")
    who.add_argument("--bearer", action="store_true", help="log in by a bearer token")
    who.add_argument("--header", metavar="NAME", help="log in by a header of this name")
    who.add_argument("--no-credentials", action="store_true", help="forget the credentials")
    secret = parser.add_mutually_exclusive_group()
    from_variable = ("--secret-env", "--token-env", "--password-env")
    secret.add_argument(*from_variable, dest="secret_env", metavar="VAR", help="environment variable that holds it")
    from_input = ("--secret-stdin", "--token-stdin", "--password-stdin")
    secret.add_argument(*from_input, dest="secret_stdin", action="store_true", help="read it from standard input")


def apply_options(source: Source, options: dict[str, Any]) -> None:
    """Give the source what was said, and nothing else: but for the credentials, which an address comes before."""
    for name in PLAIN:
        if options[name] is not None:
            setattr(source, name, options[name])
    if options["currency"]:
        source.currency = options["currency"].upper()


def has_credentials(options: dict[str, Any]) -> bool:
    """Are credentials given?"""
    return any(options[name] for name in ("user", "bearer", "header", "secret_env", "secret_stdin"))


def apply_credentials(source: Source, options: dict[str, Any]) -> None:
    """Give the source the credentials that were named, or none. Raises CommandError where they are not there."""
    if options["no_credentials"]:
        source.set_credentials(None)
    elif has_credentials(options):
        source.set_credentials(read_credentials(options))


def read_credentials(options: dict[str, Any]) -> Credentials:
    """Return the credentials that were named; the secret is asked for where no variable or input holds it."""
    if options["secret_env"]:
        secret = os.environ.get(options["secret_env"], "")
    elif options["secret_stdin"]:
        secret = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        secret = getpass("Password, token or value (not shown): ")
    else:
        raise CommandError("Nobody is there to be asked for it: pass --secret-env VAR, or --secret-stdin.")
    if not secret:
        raise CommandError("The password or token is empty.")
    if options["user"]:
        return Credentials("basic", options["user"], secret)
    return Credentials("header", options["header"], secret) if options["header"] else Credentials("bearer", "", secret)
