"""How far a run is: written every second, with a sign of life now and then; and whether it is to stop."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from catalog.models import SourceRun
from catalog.sources.leasing import RENEWED_EVERY_S, Lease, LeaseLost

WRITTEN_EVERY_S = 1.0

Show = Callable[[SourceRun], None]


class RunStopped(Exception):
    """A person has asked for it."""


class WorkerEnds(Exception):
    """This process was told to end: another one does the run, from its beginning."""


def is_ending() -> bool:
    """Was the Celery worker of this process told to end? Looked up, for who imports it imports all of a worker."""
    state = sys.modules.get("celery.worker.state")
    return state is not None and not (state.should_stop is None or state.should_stop is False)  # 0 is: in good order


class RunProgress:
    """Keeps what is stored of a run near what it does."""

    def __init__(self, run: SourceRun, *, lease: Lease, show: Show | None = None) -> None:
        """`show` is called with the run each time that something was written."""
        self.run = run
        self.lease = lease
        self.show = show
        self._written_at = self._renewed_at = time.monotonic()

    def note(self, *, done: int, total: int | None = None, rows: int = 0) -> None:
        """Note how many bytes are done, of how many in all if it is known, and rows loaded.

        Raises RunStopped, WorkerEnds and LeaseLost.
        """
        self.run.done_bytes, self.run.rows = done, rows
        self.run.total_bytes = self.run.total_bytes if total is None else total
        self.keep_alive()

    def keep_alive(self) -> None:
        """Say that the run goes on. Free of cost most of the time. Raises RunStopped, WorkerEnds and LeaseLost."""
        now = time.monotonic()
        if now - self._written_at >= WRITTEN_EVERY_S:
            self._written_at = now
            self.write()
        if now - self._renewed_at >= RENEWED_EVERY_S:
            self._renewed_at = now
            self.lease.renew()

    def enter(self, state: SourceRun.State) -> None:
        """Begin with fetching, or reading."""
        self.run.state, self.run.done_bytes, self.run.total_bytes = state, 0, None
        self.write()

    def write(self) -> None:
        """Write down how far it is. Raises RunStopped, WorkerEnds and LeaseLost."""
        run = self.run
        kept = {name: getattr(run, name) for name in ("state", "done_bytes", "total_bytes", "rows")}
        at_work = SourceRun.objects.filter(pk=run.pk, state__in=SourceRun.AT_WORK)
        if not at_work.update(**kept):
            raise LeaseLost
        if self.show:
            self.show(run)
        if at_work.filter(is_stop_wanted=True).exists():
            raise RunStopped
        if is_ending():
            raise WorkerEnds
