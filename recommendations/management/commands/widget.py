"""`manage.py widget`: the lines that put similar products into a shop's page."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommendations.widget import CLASSIC, MODULE, read_script, version_address

DEFAULT_ORIGIN = "http://127.0.0.1:8000"


class Command(BaseCommand):
    help = "Print the HTML that puts similar products into any page, with the widget's address that follows or is kept."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--origin", default=DEFAULT_ORIGIN, help=f"where pages reach Kindred ({DEFAULT_ORIGIN})")
        parser.add_argument("--key", default="", help="a publishable API key, where reading needs one")

    def handle(self, *args: Any, origin: str, key: str, **options: Any) -> None:
        if key.startswith("kindred_sk_"):
            raise CommandError(
                "Everybody can read the key in a page: make one with `api_key create --scope publishable`."
            )
        home = origin.rstrip("/")
        with_key = f' key="{key}"' if key else ""
        for line in (
            "<!-- Follows each release of Kindred: -->",
            f'<script type="module" src="{home}/widgets/{MODULE}"></script>',
            "<!-- Or exactly this version, which browsers check and keep. Print it again after an update: -->",
            f'<script type="module" {describe_source(home, MODULE)}></script>',
            "<!-- The same for pages whose scripts are no modules: -->",
            f"<script defer {describe_source(home, CLASSIC)}></script>",
            "<!-- Where the products are to be. Without sku, that of the page's JSON-LD or meta is taken: -->",
            f"<kindred-similar{with_key}></kindred-similar>",
        ):
            self.stdout.write(line)


def describe_source(home: str, name: str) -> str:
    integrity = read_script(name).integrity
    return f'src="{home}{version_address(name)}" integrity="{integrity}" crossorigin="anonymous"'
