"""The door for the worker: it claims what waits, does it, and writes down how that ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from catalog.importers.report import ImportFileError
from catalog.models import Export, Upload
from catalog.sources.leasing import LeaseLost
from catalog.sources.progress import RunStopped, WorkerEnds
from catalog.sources.stored_texts import as_stored
from catalog.uploads.advice import word_for_pages
from catalog.uploads.claiming import MAX_ATTEMPTS, WorkProgress, claim_work, find_due, write_held
from catalog.uploads.exporting import write_export
from catalog.uploads.file_work import FileWork
from catalog.uploads.loading import WorkFailed, check_upload, load_upload
from catalog.uploads.steering import EXPORT_TASK, UPLOAD_TASK
from catalog.uploads.undoing import undo_upload

SENT_AGAIN_EXPIRES_S = 30  # then beat sends it once more, if it is still to be done
MAX_ERROR = 1000  # characters
DIED = gettext_noop(
    "It was begun three times, and the worker died each time: see its log. What was loaded is kept, and can be undone."
)
STOPPED = gettext_noop("Somebody stopped it. What was done by then is kept.")
NO_DATABASE = gettext_noop("The database went away, or refused. It goes on by itself.")
DISK = gettext_noop("The disk failed or is full: make room, and go on. What was done by then is kept.")
UNEXPECTED = gettext_noop("Something unexpected happened: see the log of the worker. What was done by then is kept.")
TASKS: dict[str, Callable[[WorkProgress], None]] = {
    Upload.Task.CHECK: check_upload,
    Upload.Task.LOAD: load_upload,
    Upload.Task.UNDO: undo_upload,
}

logger = logging.getLogger(__name__)


def send_due_uploads() -> None:
    """Send to the workers what waits, or was left behind: messages may be lost, and workers die."""
    for model, task in ((Upload, UPLOAD_TASK), (Export, EXPORT_TASK)):
        for work_id in find_due(model):
            current_app.send_task(task, args=[work_id], expires=SENT_AGAIN_EXPIRES_S)


def run_upload(upload_id: int) -> None:
    """Do what is asked of an upload, unless another worker does."""
    work = claim_work(Upload, upload_id)
    if isinstance(work, Upload):
        with translation.override(work.language or settings.LANGUAGE_CODE):
            _carry_out(work, TASKS[work.task])


def run_export(export_id: int) -> None:
    """Write an export, unless another worker does."""
    work = claim_work(Export, export_id)
    if work is not None:
        _carry_out(work, write_export)


def _carry_out(work: FileWork, do: Callable[[WorkProgress], None]) -> None:
    try:
        if work.attempts > MAX_ATTEMPTS:
            raise WorkFailed(DIED)
        do(WorkProgress(work))
        _end(work, state=FileWork.State.DONE)
    except RunStopped:
        _end(work, state=FileWork.State.STOPPED, error=STOPPED)
    except WorkerEnds:
        _give_back(work, attempts=work.attempts - 1)
    except LeaseLost:
        logger.warning("%s %s was taken over, or asked for anew.", work._meta.label, work.pk)
    except (OperationalError, InterfaceError) as error:
        logger.warning("The database failed during %s %s: %s", work._meta.label, work.pk, error)
        connection.close_if_unusable_or_obsolete()
        _give_back(work, error=NO_DATABASE)
    except Exception as error:  # whatever a stranger's file leads to: said, and nobody's worker dies of it
        _end(work, state=FileWork.State.FAILED, error=_explain(error, work))


def _explain(error: Exception, work: FileWork) -> str:
    match error:
        case ImportFileError() | WorkFailed():
            return word_for_pages(str(error))
        case OSError():
            logger.warning("The disk failed during %s %s: %s", work._meta.label, work.pk, error)
            return DISK
        case _:
            logger.error("Unexpected, during %s %s.", work._meta.label, work.pk, exc_info=error)
            return UNEXPECTED


def _end(work: FileWork, *, state: FileWork.State, error: str = "") -> None:
    _write(work, state=state, error=as_stored(error)[:MAX_ERROR], ended_at=timezone.now())


def _give_back(work: FileWork, **values: Any) -> None:
    """Have it wait for another worker, or this one later."""
    _write(work, state=FileWork.State.WAITING, **values)


def _write(work: FileWork, **values: Any) -> None:
    results = {name: getattr(work, name) for name in (*work.RESULTS, "done", "total")}
    try:
        write_held(work, lease="", leased_until=None, is_stop_wanted=False, **results, **values)
    except LeaseLost:
        logger.warning("%s %s was taken over, or asked for anew.", work._meta.label, work.pk)
