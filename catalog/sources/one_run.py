"""One run of a source: its feed fetched, read, loaded, and what vanished from it settled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext, gettext_noop

from catalog.importers.load import Loader, LoadOptions
from catalog.importers.pictures import PictureFolder
from catalog.importers.read_ahead import RowStore
from catalog.importers.reading import Form, read_rows
from catalog.importers.report import ImportFileError, ImportReport, SourceRow
from catalog.models import SourceRun
from catalog.sources.addresses import is_web_address
from catalog.sources.feed import Feed, FeedError, FeedRequest, Validators
from catalog.sources.leasing import LeaseLost
from catalog.sources.progress import RunProgress, RunStopped, WorkerEnds
from catalog.sources.reasons import Reasons
from catalog.sources.row_policies import apply_policies
from catalog.sources.scratch import open_scratch
from catalog.sources.sealing import SealBroken
from catalog.sources.settling import note_standing, settle_vanished
from catalog.sources.stored_texts import as_stored

MAX_WARNINGS, MAX_WARNING = 100, 2000  # of a run; characters of each
NO_ROWS = gettext_noop("No product could be loaded, and none was taken away. It has no rows.")
ALL_REJECTED = gettext_noop("No product could be loaded, and none was taken away. The first reason: %s.")
NO_FILES = gettext_noop(
    "a feed from an address has no files beside it: pictures are addresses, or of Magento, below its --shop-url"
)
Fetch = Callable[..., Feed | None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run ended. Of one that failed, whether that may pass by itself."""

    state: SourceRun.State
    error: str = ""
    is_temporary: bool = False
    retry_after_s: float | None = None
    feed: Feed | None = None  # where it was fetched and is what the catalogue was made from


def carry_out(progress: RunProgress, *, fetch: Fetch) -> Ending:
    """Do the run, fill in what came of it, and return how it ended. Raises LeaseLost, and KeyboardInterrupt."""
    try:
        return _read_source(progress, fetch=fetch)
    except RunStopped:
        said = gettext("A person stopped it. What had been loaded by then is kept.")
        return Ending(state=SourceRun.State.STOPPED, error=said)
    except WorkerEnds:
        return Ending(state=SourceRun.State.WAITING)
    except LeaseLost:
        raise
    except Exception as error:  # whatever a stranger's feed leads to: said, and tried again at its time
        return _explain_failure(error, run=progress.run)


def _explain_failure(error: Exception, *, run: SourceRun) -> Ending:
    """Say what went wrong, and whether it may pass by itself."""
    said, is_temporary, retry_after_s = str(error), False, None
    match error:
        case FeedError():
            is_temporary, retry_after_s = error.is_temporary, error.retry_after_s
        case ImportFileError():  # one that was cut short may be whole next time; one of another format will not
            is_temporary = bool(run.rows)
        case SealBroken():
            pass
        case OperationalError() | InterfaceError():
            logger.warning("The database failed while source %s was read: %s", run.source, error)
            connection.close_if_unusable_or_obsolete()  # how it ended is written over another one
            said, is_temporary = gettext("The database went away, or refused."), True
        case OSError():
            said, is_temporary = gettext("This machine failed: %s.") % (error.strerror or error), True
        case _:
            logger.error("Unexpected, while source %s was read.", run.source, exc_info=error)
            said = gettext("Something unexpected happened (%(name)s): see the log of whoever ran it.") % {
                "name": type(error).__name__
            }
    return Ending(state=SourceRun.State.FAILED, error=said, is_temporary=is_temporary, retry_after_s=retry_after_s)


def _read_source(progress: RunProgress, *, fetch: Fetch) -> Ending:
    source, run = progress.run.source, progress.run
    progress.enter(SourceRun.State.FETCHING)
    request = FeedRequest(
        kind=source.kind,
        address=source.address,
        credentials=source.read_credentials(),
        validators=Validators() if run.is_dry else source.validators,
    )
    with open_scratch() as content:
        feed = fetch(request, into=content, on_progress=lambda done, total: progress.note(done=done, total=total))
        is_known = feed and not run.is_dry and source.has_current_content and feed.sha256 == source.content_sha256
        if feed is None or is_known:
            return Ending(state=SourceRun.State.UNCHANGED, feed=feed)
        run.size = feed.size
        progress.enter(SourceRun.State.READING)
        return _load_feed(content, feed, progress=progress)


def _load_feed(content: IO[bytes], feed: Feed, *, progress: RunProgress) -> Ending:
    """Load what was fetched, and settle what vanished."""
    run, reasons, report = progress.run, Reasons(), ImportReport()
    report.on_reject = reasons.note
    standing = note_standing(run)
    try:
        with TemporaryDirectory(dir=settings.KINDRED_HOME) as empty, open_scratch() as waiting:
            is_fetched = is_web_address(run.source.address)
            folder = empty if is_fetched else Path(run.source.address).parent
            absence = gettext(NO_FILES) if is_fetched else ""
            pictures = PictureFolder(Path(folder), report=report, dry_run=run.is_dry, absence=absence)
            loader = Loader(_as_load_options(run, feed), folder=pictures, report=report)
            store = RowStore(content, waiting)
            form = Form(format=feed.reader, encoding=run.source.encoding, decimal=run.source.decimal)

            def note_read() -> None:  # reading it and loading it are a half of the work each
                progress.note(done=content.tell() // 2, total=feed.size)

            read = read_rows(store, loader, form=form, on_read=note_read)
            loader.load(_count_rows(apply_policies(read, run.source), store, progress=progress))
        for name, skus in loader.of_others.items():
            report.warn(
                gettext(
                    "%(count)s products are of source %(name)r too, %(sku)s for one: they say what was read last. "
                    "Leave them out of one of the feeds."
                )
                % {"count": len(skus), "name": name, "sku": min(skus)}
            )
        if not report.loaded:
            reason = report.rejections[0].reason if report.rejections else ""
            error = gettext(ALL_REJECTED) % reason if reason else gettext(NO_ROWS)
            return Ending(state=SourceRun.State.FAILED, error=error, is_temporary=not report.rejected)
        return Ending(state=settle_vanished(standing, progress, loader), feed=feed)
    finally:
        _note_report(run, report, reasons)


def _as_load_options(run: SourceRun, feed: Feed) -> LoadOptions:
    source = run.source
    return LoadOptions(
        source=source.name,
        currency=source.currency or feed.currency,
        shop_url=source.shop_url or feed.shop_url,
        claim=source.claims,
        dry_run=run.is_dry,
        is_translation=bool(source.language),
    )


def _count_rows(rows: Iterator[SourceRow], store: RowStore, *, progress: RunProgress) -> Iterator[SourceRow]:
    size = progress.run.size
    for count, row in enumerate(rows, start=1):
        progress.note(done=(size + store.place) // 2, rows=count)
        yield row


def _note_report(run: SourceRun, report: ImportReport, reasons: Reasons) -> None:
    """Fill in what the report says, bounded."""
    for name in ("created", "changed", "unchanged", "rejected", "pictures"):
        setattr(run, name, getattr(report, name))
    more = len(report.warnings) - MAX_WARNINGS
    warnings = [as_stored(said)[:MAX_WARNING] for said in report.warnings[:MAX_WARNINGS]]
    run.warnings = warnings + ([gettext("%(more)s more warnings.") % {"more": more}] if more > 0 else [])
    run.reasons, run.rejected_rows = reasons.as_list(), reasons.as_csv()
