"""`import_products`: a file of products into the catalogue."""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from catalog.importers import READERS
from catalog.importers.decimal_marks import MARKS
from catalog.importers.load import Loader, LoadOptions
from catalog.importers.pictures import PictureFolder
from catalog.importers.read_ahead import RowStore
from catalog.importers.reading import Form, read_rows
from catalog.importers.report import ImportFileError, ImportReport, RejectsFile, SourceRow
from catalog.importers.shop_pages import clean_shop_url
from catalog.importers.vanished import NotComplete
from catalog.management.progress import open_bar
from catalog.models import Product
from catalog.prices import clean_currency
from catalog.refusals import BadValue

SHOWN_REJECTIONS = 50
SHOWN_EVERY = 20  # rows: the bar takes longer than what it shows

HELP = """\
Load products from a file. Running it again with the same file changes nothing, and is quick: products are matched by
sku, and only what differs is written. A row that cannot be loaded is reported with its line and the reason, and the
others are loaded.

The CSV's columns: sku, title (both required), description, brand, category (a path A/B/C), price, list_price,
currency, stock, attributes (JSON), images and audio (file names, separated by |), variant_group, collection, url,
is_active, and title_zh, description_zh and the like for other languages. Other columns are kept in attributes.

Columns that the file does not have change nothing. An empty cell of the CSV empties its field (stock: not counted),
but never currency or is_active. In other formats it does so where their own documentation says so: docs/importing.md
lists it. With --replace-missing a row is all there is: what is absent or empty becomes what a new product has.

Exit code: 0 when at least one row was loaded or already there, whatever was rejected beside it; 1 when none was, when
the file cannot be read, or when --complete deactivated nothing because too much is missing; 130 when it was stopped."""

FORMAT_HELP = "what wrote the file; default: csv, the columns above"
SHOP_HELP = """where the shop is, such as https://shop.example: products link to their pages there, which exports of
shops name without it; https://shop.example/p/{key} where they are not where the shop's system has them by default"""
COMPLETE_HELP = """the file is all there is of its source: products that an import of this source made and that the file
lacks are deactivated. Refused where more than 20 %% of them are gone"""


@contextmanager
def spared_garbage() -> Iterator[None]:
    """Keep the collector of garbage from what is loaded already, which it looks through again every few thousand rows.

    That is a sixth of the time that a file takes of which nothing changes.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--images", type=Path, metavar="DIR", help="where the pictures are; default: beside FILE")
        parser.add_argument("--format", choices=list(READERS), default="csv", help=FORMAT_HELP)
        parser.add_argument("--encoding", default="utf-8", help="of the file, such as cp1252; default: utf-8")
        parser.add_argument("--currency", metavar="C", help="of prices that the file gives none for, such as EUR")
        parser.add_argument("--shop-url", metavar="URL", default="", help=SHOP_HELP)
        parser.add_argument("--complete", action="store_true", help=COMPLETE_HELP)
        parser.add_argument("--allow-many-gone", action="store_true", help="let --complete deactivate more than 20 %%")
        parser.add_argument("--source", metavar="NAME", help="where the file comes from; default: the format's name")
        parser.add_argument("--claim", action="store_true", help="products in the file that no import made are its own")
        parser.add_argument("--replace-missing", action="store_true", help="empty what the file does not have or say")
        parser.add_argument(
            "--decimal",
            choices=list(MARKS),
            default="",
            help="what a price has before its cents, where 12.500 could be read in two ways; default: as other rows do",
        )
        parser.add_argument("--dry-run", action="store_true", help="check and report, write nothing")
        parser.add_argument("--rejects", type=Path, metavar="FILE", help="write the rejected rows as CSV, to be mended")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        folder: Path = options["images"] or path.parent
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder} (--images).")
        report = ImportReport()
        load_options = _read_options(options)
        try:
            with ExitStack() as stack:
                if options["rejects"]:
                    report.on_reject = self._open_rejects(stack, options["rejects"])
                pictures = PictureFolder(folder, report=report, dry_run=options["dry_run"])
                loader = Loader(load_options, folder=pictures, report=report)
                self._load(stack.enter_context(path.open("rb")), loader, options)
        except NotComplete as error:
            self._print_report(report, dry_run=options["dry_run"])
            raise CommandError(f"{path}: {error}") from None
        except (ImportFileError, LookupError, OSError) as error:
            self._print_report(report, dry_run=options["dry_run"])
            raise CommandError(f"{path}: {error}") from None
        except KeyboardInterrupt:
            self._print_report(report, dry_run=options["dry_run"])
            raise CommandError("Stopped. Run the same command again to go on.", returncode=130) from None
        except OperationalError as error:
            self._print_report(report, dry_run=options["dry_run"])
            raise CommandError(f"The database went away: {error}Run the same command again to go on.") from None
        self._print_report(report, dry_run=options["dry_run"])
        if not report.loaded:
            raise CommandError(f"{path}: no product could be loaded.")

    def _load(self, file: IO[bytes], loader: Loader, options: dict[str, Any]) -> None:
        report = loader.report
        with TemporaryFile() as waiting, spared_garbage():
            store = RowStore(file, waiting)
            form = Form(**{name: options[name] for name in ("format", "encoding", "decimal")})
            self._load_rows(self._show_progress(read_rows(store, loader, form=form), store, report), loader, options)

    def _load_rows(self, rows: Iterator[SourceRow], loader: Loader, options: dict[str, Any]) -> None:
        if options["complete"]:
            loader.complete(rows, allow_many=options["allow_many_gone"])
        else:
            loader.load(rows)

    def _show_progress(self, rows: Iterator[SourceRow], store: RowStore, report: ImportReport) -> Iterator[SourceRow]:
        """Pass the rows on, with a bar by the bytes of the file that they come from."""
        size = Path(store.file.name).stat().st_size
        bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
        started_at = time.monotonic()
        with open_bar("import", total=size, unit="B", bar_format=bar_format) as bar:

            def show() -> None:
                rate = count / max(time.monotonic() - started_at, 0.001)
                bar.set_postfix_str(f"{count} rows, {rate:.0f} rows/s, {report.rejected} rejected", refresh=False)
                bar.update(store.place - bar.n)

            count = 0
            for count, row in enumerate(rows, start=1):
                yield row
                if count % SHOWN_EVERY == 0:
                    show()
            show()

    def _open_rejects(self, stack: ExitStack, path: Path) -> Callable[[SourceRow, str], None]:
        file = stack.enter_context(path.open("w+", encoding="utf-8", errors="surrogateescape", newline=""))
        return RejectsFile(file).write

    def _print_report(self, report: ImportReport, *, dry_run: bool) -> None:
        for warning in report.warnings:
            self.stderr.write(self.style.WARNING(warning))
        for rejection in sorted(report.rejections, key=lambda rejection: rejection.line)[:SHOWN_REJECTIONS]:
            sku = f" ({rejection.sku})" if rejection.sku else ""
            self.stderr.write(f"line {rejection.line}{sku}: {rejection.reason}")
        if report.rejected > SHOWN_REJECTIONS:
            self.stderr.write(f"... and {report.rejected - SHOWN_REJECTIONS} more; --rejects FILE has them all")
        done = "Would create" if dry_run else "Created"
        changed = "would change" if dry_run else "changed"
        gone = (
            f", {'would deactivate' if dry_run else 'deactivated'} {report.deactivated}" if report.deactivated else ""
        )
        self.stdout.write(
            f"{done} {report.created}, {changed} {report.changed}, "
            f"unchanged {report.unchanged}, rejected {report.rejected}{gone}."
        )


def _read_options(options: dict[str, Any]) -> LoadOptions:
    """Raises CommandError for a currency or an address that is none."""
    try:
        currency = clean_currency(options["currency"] or "")
    except BadValue as error:
        raise CommandError(f"--currency {options['currency']} {error}") from None
    try:
        shop_url = clean_shop_url(options["shop_url"])
    except BadValue as error:
        raise CommandError(f"--shop-url {options['shop_url']} {error}") from None
    source = options["source"] or options["format"]
    limit = Product._meta.get_field("source").max_length or 0
    if len(source) > limit:
        raise CommandError(f"--source is longer than {limit} characters.")
    return LoadOptions(
        source=source,
        currency=currency,
        shop_url=shop_url,
        replace_missing=options["replace_missing"],
        claim=options["claim"],
        dry_run=options["dry_run"],
    )
