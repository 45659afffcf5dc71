"""`import_events`: orders and clicks of other systems, from a file."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from behaviour.events.event import Consent
from behaviour.events.history.columns import FIELDS, find_columns, read_mapping
from behaviour.events.history.files import FORMATS, ROWS_AT_ONCE, EventFile, open_events
from behaviour.events.history.loading import Loading
from behaviour.events.history.rows import TYPES, Reading, RowReader
from behaviour.reports.counting import count_new_events
from behaviour.reports.totals import total_stale_days
from catalog.importers.report import ImportFileError, RejectsFile, SourceRow
from catalog.management.progress import open_bar
from catalog.prices import clean_currency
from catalog.refusals import BadValue

SHOWN_EVERY = 500  # rows
HELP = """\
Load what shoppers did elsewhere: orders, clicks, views. Running it again with the same file changes nothing, so that
an import that was stopped goes on by the same command. A row that cannot be read is reported with its line and the
reason, and the others are loaded. The products need not be in the catalogue.

Columns: sku and occurred_at (both required), type, order_id, user_id, session_id, quantity, price, currency and
event_id, or as the file calls them, by --map. Where there is no event_id, the content of the row makes one.

Exit code: 0 when at least one event was recorded or known already; 1 when none was, or the file cannot be read; 130
when it was stopped."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Keep the paragraphs of the help as they are written."""
        kwargs["formatter_class"] = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("file", type=Path, help="CSV, Parquet or JSON lines; packed by gzip or not")
        add("--format", choices=FORMATS, default="", help="default: by the name of the file")
        add("--map", nargs="+", action="extend", default=[], metavar="FIELD=COLUMN", help=f"of {', '.join(FIELDS)}")
        add("--type", choices=sorted(set(TYPES.values())), default="purchase", help="of rows that say none")
        add("--currency", default="", help="of prices that say none, such as EUR")
        add("--consent", choices=Consent.values, default="personalisation", help="what these people have agreed to")
        add("--guests", nargs="+", action="extend", default=[], metavar="VALUE", help="user ids that are nobody: 0")
        add("--returns", choices=("skip", "reject"), default="skip", help="count them apart, or reject them by line")
        add("--cancelled", default="C", metavar="PREFIX", help="of orders that were taken back: C536379; '' for none")
        add(
            "--dates", choices=("dmy", "mdy"), default="", help="what 01/02/2027 means; default: such a row is rejected"
        )
        add("--encoding", default="utf-8", help="of text files")
        add("--rejects", type=Path, metavar="FILE", help="write the rejected rows as CSV, to be mended")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        loading = Loading()
        try:
            with ExitStack() as stack:
                if options["rejects"]:
                    loading.on_reject = self._open_rejects(stack, options["rejects"])
                file = stack.enter_context(open_events(path, kind=options["format"], encoding=options["encoding"]))
                self._load(file, loading, options)
        except (ImportFileError, LookupError, OSError) as error:
            self._print(loading)
            raise CommandError(f"{path}: {error}") from None
        except KeyboardInterrupt:
            self._print(loading)
            raise CommandError("Stopped. Run the same command again to go on.", returncode=130) from None
        except OperationalError as error:
            self._print(loading)
            raise CommandError(f"The database went away: {error}Run the same command again to go on.") from None
        self._print(loading)
        if not loading.recorded + loading.known:
            raise CommandError(f"{path}: no event could be recorded.")
        if loading.recorded:
            self.stdout.write("Next: python manage.py train_behaviour, or wait for a worker, which learns each night.")

    def _load(self, file: EventFile, loading: Loading, options: dict[str, Any]) -> None:
        said = read_mapping(options["map"])
        first = list(
            islice(file.rows, 0 if file.columns else ROWS_AT_ONCE)
        )  # an object names what it has, not the rest
        columns = file.columns or list(dict.fromkeys(name for row in first for name in row.fields))
        reading = read_options(options, columns=find_columns(said, columns))
        self._say_columns(reading, columns)
        rows = self._show_progress(chain(first, file.rows), file, loading)
        loading.load(rows, reader=RowReader(reading), refuses_returns=options["returns"] == "reject")
        with open_bar("count", unit="event") as bar:
            count_new_events(report=bar.update)
            total_stale_days()

    def _say_columns(self, reading: Reading, columns: list[str]) -> None:
        taken = [f"{field} ({column})" if field != column else field for field, column in reading.columns.items()]
        others = sorted(set(columns) - set(reading.columns.values()) - {""})
        self.stdout.write(f"Read: {', '.join(taken)}." + (f" Passed over: {', '.join(others)}." if others else ""))
        if "price" not in reading.columns and reading.type == "purchase":
            self.stdout.write("No price: orders and pieces are counted, revenue is not. --map price=COLUMN names one.")

    def _show_progress(self, rows: Iterator[SourceRow], file: EventFile, loading: Loading) -> Iterator[SourceRow]:
        """Pass the rows on, with a bar by the bytes of the file that they come from."""
        bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
        started_at = time.monotonic()
        with open_bar("import", total=file.size, unit="B", bar_format=bar_format) as bar:
            for count, row in enumerate(rows, start=1):
                yield row
                if count % SHOWN_EVERY == 0:
                    rate = count / max(time.monotonic() - started_at, 0.001)
                    bar.set_postfix_str(f"{count} rows, {rate:.0f} rows/s, {loading.rejected} rejected", refresh=False)
                    bar.update(file.place - bar.n)

    def _open_rejects(self, stack: ExitStack, path: Path) -> Callable[[SourceRow, str], None]:
        file = stack.enter_context(path.open("w+", encoding="utf-8", errors="surrogateescape", newline=""))
        return RejectsFile(file).write

    def _print(self, loading: Loading) -> None:
        for rejection in loading.rejections:
            self.stderr.write(f"line {rejection.line}: {rejection.reason}")
        if loading.rejected > len(loading.rejections):
            more = loading.rejected - len(loading.rejections)
            self.stderr.write(f"... and {more} more; --rejects FILE has them all")
        self.stdout.write(
            f"Recorded {loading.recorded}, known already {loading.known}, returns {loading.returns}, "
            f"rejected {loading.rejected}."
        )
        unknown = loading.count_unknown_skus() if loading.skus else 0
        if unknown:
            self.stdout.write(f"Of {len(loading.skus)} SKUs, {unknown} are of no product in the catalogue (yet).")


def read_options(options: dict[str, Any], *, columns: dict[str, str]) -> Reading:
    try:
        currency = clean_currency(options["currency"])
    except BadValue as error:
        raise CommandError(f"--currency {options['currency']} {error}") from None
    return Reading(
        columns=columns,
        type=options["type"],
        currency=currency,
        consent=options["consent"],
        guests=frozenset(options["guests"]),
        cancelled=options["cancelled"],
        dates=options["dates"],
    )
