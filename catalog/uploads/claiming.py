"""Who does a work: one worker, for as long as it says so now and then.

The claim is columns of the row, taken by a conditional UPDATE, as that of a source is. Whoever falls silent is taken
over when its lease has run out; what it writes after that is refused, because its token is another one.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from catalog.sources.leasing import LEASE, LeaseLost
from catalog.sources.progress import RunStopped, WorkerEnds, is_ending
from catalog.uploads.file_work import FileWork

MAX_ATTEMPTS = 3  # that a worker dies in: the file is what kills them
WRITTEN_EVERY_S = 1.0


def find_due(model: type[FileWork]) -> list[int]:
    """Return what waits, and what somebody began who has fallen silent."""
    return list(model._default_manager.filter(_free()).order_by("id").values_list("pk", flat=True))


def _free() -> Q:
    return Q(state=FileWork.State.WAITING) | Q(state=FileWork.State.WORKING, leased_until__lt=timezone.now())


def claim_work(model: type[FileWork], work_id: int) -> FileWork | None:
    """Return the work, which is nobody else's now. None: another worker has it, or it is done."""
    claimed = model._default_manager.filter(_free(), pk=work_id).update(
        state=FileWork.State.WORKING,
        lease=(token := secrets.token_hex(16)),
        leased_until=timezone.now() + LEASE,
        attempts=F("attempts") + 1,
    )
    return model._default_manager.get(pk=work_id, lease=token) if claimed else None


class WorkProgress:
    """Keeps what is stored of a work near what is done of it, which is a sign of life as well."""

    def __init__(self, work: FileWork) -> None:
        self.work = work
        self._written_at = time.monotonic()

    def note(self, *, done: int, rows: int = 0) -> None:
        """Note how far it is. Free of cost most of the time. Raises RunStopped, WorkerEnds and LeaseLost."""
        self.work.done, self.work.rows = done, rows
        if time.monotonic() - self._written_at >= WRITTEN_EVERY_S:
            self.write()

    def write(self) -> None:
        """Write down how far it is. Raises RunStopped, WorkerEnds and LeaseLost."""
        self._written_at = time.monotonic()
        held = {name: getattr(self.work, name) for name in ("done", "total", "rows")}
        write_held(self.work, leased_until=timezone.now() + LEASE, **held)
        if type(self.work)._default_manager.filter(pk=self.work.pk, is_stop_wanted=True).exists():
            raise RunStopped
        if is_ending():
            raise WorkerEnds


def write_held(work: FileWork, **values: Any) -> None:
    """Write fields of a work that is still this worker's. Raises LeaseLost."""
    held = type(work)._default_manager.filter(pk=work.pk, state=FileWork.State.WORKING, lease=work.lease)
    if not held.update(**values):
        raise LeaseLost
