"""`manage.py sources`: feeds that keep themselves true, from their address to their removal."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from shlex import quote
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError
from rich.console import Console
from rich.table import Table

from catalog.management.progress import open_bar
from catalog.management.source_options import add_options, apply_credentials, apply_options, has_credentials
from catalog.models import Source, SourceRun
from catalog.sources.advice import word_for_sources
from catalog.sources.describing import as_json, describe_run, describe_state
from catalog.sources.options import clean_source
from catalog.sources.removal import FATES, remove_source
from catalog.sources.running import run_here
from catalog.sources.sealing import SealBroken
from catalog.sources.steering import SourceError, disable_source, enable_source, note_decision, request_run

HELP = """\
Feeds that products come from, read again and again: what changed in a feed changes in the catalogue, and products that
vanish from it are deactivated.

    sources add NAME --kind K --address A   keep the feed in mind, and show what it would do; nothing is loaded
    sources enable NAME                     have the worker load it now, and at its schedule from then on
    sources list                            what there is, how the last runs went, when the next ones are

Exit code: 0 when it is done; 1 when it failed, or waits for a person to say whether products are to go; 130 when it was
stopped. What a stopped or failed run had loaded is kept, and the next one goes on."""
ENDED_WELL = (SourceRun.State.DONE, SourceRun.State.UNCHANGED)


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        verbs = {
            "add": "keep a feed in mind, and show what it would do",
            "change": "give a source other options; those that are not named stay",
            "run": "read it now, here",
            "enable": "have the worker read it now and by its schedule",
            "disable": "leave it alone",
            "remove": "forget it",
        }
        parsers = {verb: actions.add_parser(verb, help=said) for verb, said in verbs.items()}
        for one in parsers.values():
            one.add_argument("name", metavar="NAME")
        add_options(parsers["add"], is_new=True)
        add_options(parsers["change"], is_new=False)
        run = parsers["run"]
        run.add_argument("--dry-run", action="store_true", help="show what it would do, write nothing")
        run.add_argument("--in-worker", action="store_true", help="have the worker read it, and do not wait")
        decision = run.add_mutually_exclusive_group()
        decision.add_argument("--let-them-go", action="store_true", help="the vanished products that it asks about go")
        decision.add_argument("--keep-them", action="store_true", help="they stay, and are not asked about again")
        parsers["remove"].add_argument(
            "--products", choices=list(FATES), default="keep", help="what becomes of what it made; default: keep"
        )
        listed = actions.add_parser("list", help="what there is, how it stands, when it is read next")
        listed.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(options)
        except (SourceError, SealBroken) as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            said = f"The database went away, or refused: {str(error).strip()}"
            raise CommandError(f"{said}. A run that had begun is marked as broken off five minutes later.") from error
        except KeyboardInterrupt:
            left = "The same command goes on with what is left."
            if action == "add":
                left = (
                    f"If it is kept already, `sources run {quote(options['name'])} --dry-run` shows what it would do."
                )
            raise CommandError(f"Stopped. {left}", returncode=130) from None

    def _add(self, options: dict[str, Any]) -> None:
        if Source.objects.filter(name=options["name"]).exists():
            raise CommandError(f"There is a source {options['name']}: `sources change` gives it other options.")
        source = Source(name=options["name"])
        self._apply(source, options)
        source.save()
        self.stdout.write(f"Source {source} is kept, and read {source.timetable} once it is enabled. A dry run:")
        self._run_here(source, SourceRun.Start.DRY_RUN)

    def _change(self, options: dict[str, Any]) -> None:
        source = find_source(options["name"])
        names = [field.attname for field in Source._meta.concrete_fields]
        before = {name: getattr(source, name) for name in names}
        self._apply(source, options)
        # Nothing else: while a secret was typed, a worker may have begun with it, or written how it ended.
        source.save(update_fields=[name for name in names if getattr(source, name) != before[name]])
        self.stdout.write(f"Source {source} is changed: it is read with these options at its next run.")

    def _apply(self, source: Source, options: dict[str, Any]) -> None:
        apply_options(source, options)
        try:
            clean_source(
                source,
                is_operator=True,
                keeps_address=options["address"] is None,
                keeps_credentials=not (options["no_credentials"] or has_credentials(options)),
            )
        except ValidationError as error:
            said = [f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()]
            raise CommandError(" ".join(said)) from None
        apply_credentials(source, options)

    def _list(self, options: dict[str, Any]) -> None:
        found = [(source, source.runs.defer("rejected_rows").first()) for source in Source.objects.all()]
        if options["json"]:
            self.stdout.write(json.dumps([as_json(source, last) for source, last in found], indent=2))
            return
        if not found:
            self.stdout.write("There are no sources yet: `sources add NAME --kind K --address A` makes one.")
            return
        table = Table("Source", "Kind", "State", "Last run", "Came of it", "Next run", box=None, pad_edge=False)
        for source, last in found:
            ended = f"{last.created_at:%Y-%m-%d %H:%M}, {last.get_start_display().lower()}" if last else ""
            outcome = (word_for_sources(last.error) or next(describe_run(last), "")) if last else ""
            following = f"{source.next_run_at:%Y-%m-%d %H:%M}" if source.next_run_at else ""
            table.add_row(source.name, source.kind, describe_state(source, last), ended, outcome, following)
        console = Console(width=160, highlight=False)
        with console.capture() as printed:
            console.print(table)
        self.stdout.write(printed.get().rstrip())

    def _run(self, options: dict[str, Any]) -> None:
        source = find_source(options["name"])
        start = SourceRun.Start.DRY_RUN if options["dry_run"] else SourceRun.Start.PERSON
        if options["let_them_go"] or options["keep_them"]:
            if options["dry_run"]:
                raise CommandError("A dry run decides nothing: leave out --dry-run.")
            note_decision(source, Source.Decision.LET_GO if options["let_them_go"] else Source.Decision.KEEP)
        if options["in_worker"]:
            request_run(source, start)
            self.stdout.write("The worker reads it as soon as it can: `sources list` shows how far it is.")
            return
        self._run_here(source, start)

    def _run_here(self, source: Source, start: SourceRun.Start) -> None:
        with show_progress(source) as show:
            run = run_here(source, start, show=show)
        for line in describe_run(run):
            self.stdout.write(line)
        source.refresh_from_db()
        if run.state == SourceRun.State.ASKING:
            command = f"python manage.py sources run {quote(source.name)}"
            raise CommandError(f"Say what becomes of them: {command} --let-them-go, or {command} --keep-them")
        if run.state not in ENDED_WELL:
            again = f" It is tried again at {source.next_run_at:%H:%M} UTC." if source.next_run_at else ""
            if run.is_dry:
                again = f" To look again: python manage.py sources run {quote(source.name)} --dry-run"
            raise CommandError(f"{word_for_sources(run.error)}{again}")
        if not source.is_enabled:
            to = "If that is right, load it and keep it true" if run.is_dry else "To have it read by its schedule"
            self.stdout.write(f"{to}: python manage.py sources enable {quote(source.name)}")

    def _enable(self, options: dict[str, Any]) -> None:
        source = find_source(options["name"])
        enable_source(source)
        self.stdout.write(
            f"The worker loads {source} now, and reads it {source.timetable} (UTC): `sources list` shows how far it is."
        )

    def _disable(self, options: dict[str, Any]) -> None:
        source = find_source(options["name"])
        disable_source(source)
        self.stdout.write(f"{source} is left alone. Its products stay.")

    def _remove(self, options: dict[str, Any]) -> None:
        source, fate = find_source(options["name"]), options["products"]
        with open_bar("remove", unit="product") as bar:
            count = remove_source(source, products=fate, on_progress=bar.update)
        said = {"keep": "are nobody's now", "deactivate": "are deactivated", "delete": "are deleted"}
        self.stdout.write(f"Source {options['name']} is gone. Its products {said[fate]}: {count:,}.")


def find_source(name: str) -> Source:
    """Return the source of that name. Raises CommandError."""
    source = Source.objects.filter(name=name).first()
    if source is None:
        there = ", ".join(Source.objects.values_list("name", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no source {name}. There are: {there}.")
    return source


@contextmanager
def show_progress(source: Source) -> Iterator[Any]:
    """Give what shows a run on a bar, by its bytes: those of the fetch, and then those of the content."""
    bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"
    with open_bar(source.name, unit="B", bar_format=bar_format) as bar:

        def show(run: SourceRun) -> None:
            bar.total = run.total_bytes
            bar.set_postfix_str(f"{run.get_state_display().lower()}, {run.rows} rows", refresh=False)
            bar.update(run.done_bytes - bar.n)

        yield show
