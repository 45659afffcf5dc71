"""`manage.py behaviour`: versions of what was learned, from figures to promotion. `train_behaviour` builds one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from behaviour.versions.agreement import compare_versions
from behaviour.versions.lifecycle import VersionError, drop_version, get_version, promote, roll_back
from behaviour.versions.steps.stepping import take_steps
from behaviour.versions.version import Status, Version


class Command(BaseCommand):
    help = "Versions of what was learned from shoppers: compared, promoted and rolled back at once, dropped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("list", help="what there is, and which one is served")
        compare = actions.add_parser("compare", help="figures and shared neighbours, side by side")
        compare.add_argument("names", nargs="*", metavar="NAME", help="two; default: the live one and the newest ready")
        for name, help_text in [("promote", "serve this version from now on"), ("drop", "delete it with its rows")]:
            actions.add_parser(name, help=help_text).add_argument("name")
        actions.add_parser("rollback", help="serve again the version that was served before")
        actions.add_parser("step", help="take up what happened since the live version was learned; workers do it, too")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(options)
        except VersionError as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        table = Table("Version", "Status", "Events up to", "Rows", "Promoted", box=None, pad_edge=False)
        for version in Version.objects.all():
            rows = ", ".join(f"{count} {kind}" for kind, count in version.figures.get("rows", {}).items())
            promoted = f"{version.promoted_at:%Y-%m-%d %H:%M}" if version.promoted_at else ""
            until = f"{version.facts_until:%Y-%m-%d %H:%M}"
            table.add_row(version.name, describe_status(version), until, rows, promoted)
        self._print(table)

    def _compare(self, options: dict[str, Any]) -> None:
        versions = [get_version(name) for name in options["names"]] or find_compared()
        if len(versions) != 2:
            raise CommandError("Name two versions: `behaviour list` shows them.")
        left, right = versions
        agreements = compare_versions(left, right)
        table = Table("", left.name, right.name, box=None, pad_edge=False)
        for part in ("validation", "rows"):
            figures = [version.figures.get(part, {}) for version in versions]
            for name in dict.fromkeys([*figures[0], *figures[1]]):
                table.add_row(name, *(format_figure(one.get(name)) for one in figures))
        self._print(table)
        for agreement in agreements:
            self.stdout.write(
                f"{agreement.kind}: {agreement.mean:.0%} of the first {agreement.k} are the same "
                f"({agreement.product_count} products compared)."
            )

    def _promote(self, options: dict[str, Any]) -> None:
        version = get_version(options["name"])
        before = promote(version)
        self.stdout.write(f"{version.name} is live{f'; {before.name} can be rolled back to' if before else ''}.")

    def _rollback(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{roll_back().name} is live again.")

    def _drop(self, options: dict[str, Any]) -> None:
        drop_version(get_version(options["name"]))
        self.stdout.write(f"{options['name']} is gone.")

    def _step(self, options: dict[str, Any]) -> None:
        done = take_steps()
        self.stdout.write(f"{done.events} events, {done.rows} rows, {done.newcomers} new products.")

    def _print(self, table: Table) -> None:
        Console(file=self.stdout, highlight=False).print(table)  # type: ignore[arg-type]  # has write() and isatty()


def find_compared() -> list[Version]:
    """Return the live version and the newest that waits to be promoted, as far as there are."""
    ready = Version.objects.filter(status=Status.READY).order_by("-pk").first()
    return [version for version in (Version.objects.live(), ready) if version]


def describe_status(version: Version) -> str:
    """Return the status, how far a build is, and why one failed."""
    step = version.progress
    if version.status == Status.BUILDING and step:
        return f"building: {step['stage']} {step['done']} of {step['total']}"
    return f"failed: {version.failure}" if version.status == Status.FAILED else str(version.status)


def format_figure(figure: float | None) -> str:
    if figure is None:
        return "-"
    return f"{figure:.3f}" if isinstance(figure, float) else str(figure)
