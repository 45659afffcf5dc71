"""An upload checked or loaded by the importers' readers. Both read it alike; a check writes only what it found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from catalog.importers.load import Loader, LoadOptions
from catalog.importers.pictures import PictureFolder
from catalog.importers.read_ahead import RowStore
from catalog.importers.reading import Form, read_rows
from catalog.importers.report import ImportReport, RejectsFile, SourceRow
from catalog.models import Upload
from catalog.sources.reasons import Reasons
from catalog.sources.scratch import open_scratch
from catalog.sources.stored_texts import as_stored
from catalog.uploads.advice import word_for_pages
from catalog.uploads.claiming import WorkProgress
from catalog.uploads.columns import read_mapped
from catalog.uploads.keeping import Keeper
from catalog.uploads.packing import unpack_pictures
from catalog.uploads.storage import FILE, PICTURES, REJECTED, at_hand, find_file
from catalog.uploads.vanishing import count_shown, settle_vanished

MAX_WARNINGS, MAX_WARNING = 100, 2000  # of an upload; characters of each
MAX_PROBLEMS, MAX_REASON = 200, 500  # rows that are named; characters
NO_PICTURES = gettext_noop("no zip of pictures came with the table")
NOT_IN_ZIP = gettext_noop("it is not in the zip of pictures")
NOTHING = gettext_noop("No product could be loaded. Mend what is named below, and upload the file again.")
FILE_GONE = gettext_noop("The uploaded file is not there any more: upload it again.")


class WorkFailed(Exception):
    """It cannot be done. The message says why and what to do."""


def check_upload(progress: WorkProgress) -> None:
    """Fill in what loading would do. Raises what `carry_out` of `running` knows."""
    _read(progress, dry_run=True)


def load_upload(progress: WorkProgress) -> None:
    """Load the file, keeping what products were before. Raises WorkFailed where not one row could be."""
    _read(progress, dry_run=False)


def make_form(upload: Upload) -> Form:
    """Return how the file is written, as was said of it: a table's columns mean what somebody chose for them."""
    reader = partial(read_mapped, targets=dict(upload.columns)) if upload.columns else None
    return Form(format=upload.format, encoding=upload.encoding, decimal=upload.decimal, reader=reader)


def make_options(upload: Upload, *, dry_run: bool) -> LoadOptions:
    return LoadOptions(source=upload.source, currency=upload.currency, shop_url=upload.shop_url, dry_run=dry_run)


def _read(progress: WorkProgress, *, dry_run: bool) -> None:
    upload = progress.work
    assert isinstance(upload, Upload)
    report, reasons = ImportReport(), Reasons()
    keeper, shown = None if dry_run else Keeper(upload.pk), count_shown(upload)
    try:
        with ExitStack() as stack:
            stack.enter_context(at_hand(upload, bring=[FILE, PICTURES], give=[REJECTED]))
            try:
                file = stack.enter_context(find_file(upload, FILE).open("rb"))
            except FileNotFoundError:
                raise WorkFailed(FILE_GONE) from None
            rejects = _open_rejects(upload, stack)

            def note_reject(row: SourceRow, reason: str) -> None:
                reasons.note(row, reason)
                rejects.write(row, word_for_pages(reason))

            report.on_reject = note_reject
            folder = _open_pictures(upload, stack, report, dry_run=dry_run)
            loader = Loader(make_options(upload, dry_run=dry_run), folder=folder, report=report, witness=keeper)
            _load_rows(file, loader, progress)
        settle_vanished(upload, loader, keeper, shown=shown)
    finally:
        _note_report(upload, report, reasons)
    if not report.loaded and not dry_run:
        raise WorkFailed(NOTHING)


def _open_rejects(upload: Upload, stack: ExitStack) -> RejectsFile:
    path = find_file(upload, REJECTED)
    return RejectsFile(
        stack.enter_context(path.open("w+", encoding="utf-8", errors="surrogateescape", newline="")),
        says_why_last=True,
    )


def _open_pictures(upload: Upload, stack: ExitStack, report: ImportReport, *, dry_run: bool) -> PictureFolder:
    folder = Path(stack.enter_context(TemporaryDirectory(dir=settings.KINDRED_HOME)))
    if upload.has_pictures:
        unpack_pictures(find_file(upload, PICTURES), folder)
    absence = gettext(NOT_IN_ZIP if upload.has_pictures else NO_PICTURES)
    return PictureFolder(folder, report=report, dry_run=dry_run, absence=absence)


def _load_rows(file: IO[bytes], loader: Loader, progress: WorkProgress) -> None:
    """Read the file and load what was read: a half of the work each."""
    size = progress.work.total = max(Path(file.name).stat().st_size, 1)
    with open_scratch() as waiting:
        store = RowStore(file, waiting)
        read = read_rows(
            store, loader, form=make_form(_upload_of(progress)), on_read=lambda: progress.note(done=file.tell() // 2)
        )

        def count() -> Iterator[SourceRow]:
            for number, row in enumerate(read, start=1):
                progress.note(done=(size + store.place) // 2, rows=number)
                yield row

        loader.load(count())


def _upload_of(progress: WorkProgress) -> Upload:
    assert isinstance(progress.work, Upload)
    return progress.work


def _note_report(upload: Upload, report: ImportReport, reasons: Reasons) -> None:
    """Fill in what came of it, bounded. What an earlier try of the same load has written counts as written by it."""
    kept = upload.products.count() if upload.task == Upload.Task.LOAD else 0
    upload.created, upload.changed, upload.unchanged = report.created, report.changed, report.unchanged
    if kept > report.created + report.changed + report.deactivated:
        upload.created = upload.products.filter(is_new=True).count()
        upload.changed = max(kept - upload.created - report.deactivated, 0)
        upload.unchanged = max(report.loaded - upload.created - upload.changed, 0)
    upload.rejected, upload.deactivated, upload.pictures = report.rejected, report.deactivated, report.pictures
    more = len(report.warnings) - MAX_WARNINGS
    warnings = [as_stored(word_for_pages(said))[:MAX_WARNING] for said in report.warnings[:MAX_WARNINGS]]
    upload.warnings = warnings + ([gettext("%(more)s more warnings.") % {"more": more}] if more > 0 else [])
    upload.reasons = [{**one, "reason": word_for_pages(one["reason"])} for one in reasons.as_list()]
    first = sorted(report.rejections, key=lambda rejection: rejection.line)[:MAX_PROBLEMS]
    upload.problems = [
        {"line": one.line, "sku": as_stored(one.sku), "reason": as_stored(word_for_pages(one.reason))[:MAX_REASON]}
        for one in first
    ]
