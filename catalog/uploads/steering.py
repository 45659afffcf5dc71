"""What people ask of uploads and exports. Each is one conditional UPDATE: two who press at once ask once."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext

from catalog.models import Export, ImportedProduct, Upload
from catalog.uploads.file_work import FileWork

UPLOAD_TASK = "catalog.tasks.run_upload"  # by name: the tasks call this room, not the other way round too
EXPORT_TASK = "catalog.tasks.run_export"
State, Task = Upload.State, Upload.Task
BROKE_OFF = (State.FAILED, State.STOPPED)
ANEW: dict[str, Any] = {
    "state": State.WAITING, "error": "", "attempts": 0, "lease": "", "leased_until": None, "is_stop_wanted": False,
    "ended_at": None, "done": 0, "total": 0,
}  # fmt: skip


class NotPossible(ValueError):
    """It cannot be done as things are. The message says why and what to do."""


def request_check(upload: Upload) -> None:
    """Have a worker say what loading would do. A check that is under way has no hold any more, and ends.

    A load that wrote nothing may be checked again, with other words about the file. Raises NotPossible.
    """
    wrote = Exists(ImportedProduct.objects.filter(upload=OuterRef("pk")))
    possible = Q(task=Task.CHECK) & ~Q(state=State.RECEIVING) | Q(task=Task.LOAD, state__in=BROKE_OFF) & ~Q(wrote)
    _ask(upload, possible & Q(is_pruned=False), task=Task.CHECK)


def request_load(upload: Upload) -> None:
    """Have a worker load it, or go on where that was broken off. Raises NotPossible."""
    possible = Q(task=Task.CHECK) & ~Q(state=State.RECEIVING) | Q(task=Task.LOAD, state__in=BROKE_OFF)
    _ask(upload, possible & Q(is_pruned=False), task=Task.LOAD)


def request_undo(upload: Upload) -> None:
    """Have a worker take it back. Raises NotPossible."""
    loaded = Q(task=Task.LOAD, state__in=Upload.ENDED) | Q(task=Task.UNDO, state__in=BROKE_OFF)
    _ask(upload, loaded & Q(is_pruned=False), task=Task.UNDO)


def stop_work(work: FileWork) -> None:
    """End what waits at once, and what is at work as soon as it looks."""
    rows = type(work)._default_manager.filter(pk=work.pk)
    rows.filter(state=FileWork.State.WAITING).update(state=FileWork.State.STOPPED, ended_at=timezone.now())
    rows.filter(state=FileWork.State.WORKING).update(is_stop_wanted=True)


def request_export(*, asked_by: Any, query: str) -> Export:
    """Have a worker write the products of the admin's list, as the query narrows it."""
    export = Export.objects.create(asked_by=asked_by, query=query)
    _ring(EXPORT_TASK, export.pk)
    return export


def _ask(upload: Upload, possible: Q, *, task: str) -> None:
    asked = Upload.objects.filter(possible, pk=upload.pk).update(**ANEW, task=task, asked_at=timezone.now())
    if not asked:
        raise NotPossible(gettext("That is not possible now. The page shows how it stands."))
    _ring(UPLOAD_TASK, upload.pk)


def _ring(task: str, work_id: int) -> None:
    """Tell a worker, after the commit. A broker that is down costs half a minute: beat sends it again."""
    transaction.on_commit(lambda: current_app.send_task(task, args=[work_id]), robust=True)
