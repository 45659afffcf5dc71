"""The door to what runs sources: in a worker whatever is asked for or due, in a terminal one run at once."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext

from catalog.models import Source, SourceRun
from catalog.sources.ending import break_off_runs, finish_run
from catalog.sources.fetching import fetch_feed
from catalog.sources.leasing import Lease, LeaseLost, take_lease
from catalog.sources.one_run import Ending, Fetch, carry_out
from catalog.sources.progress import RunProgress, Show, is_ending
from catalog.sources.steering import RUN_TASK, SourceError, start_run

SENT_AGAIN_EXPIRES_S = 60  # then beat sends it once more, if it is still to be read

logger = logging.getLogger(__name__)


def send_due_sources() -> None:
    """Send to the workers which sources are due, asked for, or left behind by who read them."""
    now = timezone.now()
    due = Source.objects.due(at=now).values_list("pk", flat=True)
    left_behind = Source.objects.left_behind(at=now).values_list("pk", flat=True)
    asked = SourceRun.objects.filter(state=SourceRun.State.WAITING).values_list("source_id", flat=True)
    at_work = SourceRun.objects.filter(state__in=SourceRun.AT_WORK)  # whose ending could not be written down
    orphaned = at_work.filter(source__leased_until=None).values_list("source_id", flat=True)
    for source_id in sorted({*due, *left_behind, *asked, *orphaned}):
        current_app.send_task(RUN_TASK, args=[source_id], expires=SENT_AGAIN_EXPIRES_S)


def run_source(source_id: int, *, fetch: Fetch = fetch_feed) -> None:
    """Do what is asked of a source, run after run, unless another one reads it."""
    lease = take_lease(source_id)
    if lease is None:
        return
    try:
        while not is_ending() and (run := _begin_next(lease)):
            _complete(run, lease=lease, fetch=fetch)
            logger.info("Source %s, %s: %s %s", run.source_id, run.start, run.state, run.error)
    except LeaseLost:
        logger.warning("Source %s was taken over by another worker: this one had been silent for too long.", source_id)
    finally:
        lease.release()


def run_here(
    source: Source, start: SourceRun.Start, *, show: Show | None = None, fetch: Fetch = fetch_feed
) -> SourceRun:
    """Read a source now, in this process. Raises SourceError where another one reads it, or it has to be tried first.

    Ctrl-C stops the run, in good order, and is passed on.
    """
    lease = take_lease(source.pk)
    if lease is None:
        raise SourceError(
            gettext(
                "%(source)s is being read by another process: `sources list` shows how far it is. If that was "
                "killed, it is free again after five minutes."
            )
            % {"source": source}
        )
    try:
        _break_off(lease)
        run = _begin(start_run(source, start))
        if run is None:
            raise SourceError(gettext("Somebody stopped it before it began. Start it again."))
        _complete(run, lease=lease, fetch=fetch, show=show)
    except LeaseLost:
        raise SourceError(
            gettext("%(source)s was taken over by a worker, for nothing had come from here for minutes.")
            % {"source": source}
        ) from None
    finally:
        lease.release()
    return run


def _begin_next(lease: Lease) -> SourceRun | None:
    """Return the run that comes next, begun: one that was asked for, or one that is due."""
    source = _break_off(lease)
    asked = source.runs.filter(state=SourceRun.State.WAITING).order_by("id").first()
    if asked is None and source.is_enabled and source.next_run_at and source.next_run_at <= timezone.now():
        asked = source.runs.create(start=SourceRun.Start.SCHEDULE)
    return _begin(asked) if asked else None


def _break_off(lease: Lease) -> Source:
    source = Source.objects.get(pk=lease.source_id)
    break_off_runs(source, lease=lease)
    source.refresh_from_db()
    return source


def _begin(run: SourceRun) -> SourceRun | None:
    """Return the run with its source as it is now. None: it was stopped a moment ago."""
    waiting = SourceRun.objects.filter(pk=run.pk, state=SourceRun.State.WAITING)
    if not waiting.update(state=SourceRun.State.FETCHING, started_at=timezone.now()):
        return None
    return SourceRun.objects.select_related("source").get(pk=run.pk)


def _complete(run: SourceRun, *, lease: Lease, fetch: Fetch, show: Show | None = None) -> None:
    """Do a run and write down how it ended, also where Ctrl-C ended it. Raises LeaseLost."""
    try:
        ending = carry_out(RunProgress(run, lease=lease, show=show), fetch=fetch)
    except KeyboardInterrupt:
        if not connection.in_atomic_block:  # a query may have been under way, and then it takes no other one
            connection.close()
        finish_run(run, Ending(state=SourceRun.State.STOPPED, error=gettext("Stopped from the terminal.")), lease=lease)
        raise
    finish_run(run, ending, lease=lease)
