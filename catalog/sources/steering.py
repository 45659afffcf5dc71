"""What people ask of a source: to be read, tried, stopped, enabled, and what becomes of products that vanished."""

from __future__ import annotations

import shlex

from celery import current_app
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from catalog.models import Source, SourceRun

RUN_TASK = "catalog.tasks.run_source"  # by name: the task calls this room, not the other way round too


class SourceError(ValueError):
    """It cannot be done as things are. The message says why and what to do."""


def start_run(source: Source, start: SourceRun.Start) -> SourceRun:
    """Return a run that waits to be begun: the same one where it has been asked for already.

    Raises SourceError for a real run where no dry run with these options has been through.
    """
    if start != SourceRun.Start.DRY_RUN and not source.is_tried:
        said = gettext("See first what %(name)s would do: manage.py sources run %(name)s --dry-run")
        raise SourceError(said % {"name": shlex.quote(source.name)})
    run, _ = source.runs.get_or_create(start=start, state=SourceRun.State.WAITING)
    return run


def request_run(source: Source, start: SourceRun.Start) -> SourceRun:
    """Have a worker run the source. Raises SourceError as `start_run` does."""
    run = start_run(source, start)
    _ring(source)
    return run


def _ring(source: Source) -> None:
    """Tell a worker, after the commit. A broker that is down costs a minute: beat sends it again."""
    transaction.on_commit(lambda: current_app.send_task(RUN_TASK, args=[source.pk]), robust=True)


def stop_run(run: SourceRun) -> None:
    """End a run: one that waits at once, one at work as soon as it looks."""
    SourceRun.objects.filter(pk=run.pk, state=SourceRun.State.WAITING).update(
        state=SourceRun.State.STOPPED, ended_at=timezone.now()
    )
    SourceRun.objects.filter(pk=run.pk, state__in=SourceRun.AT_WORK).update(is_stop_wanted=True)


def enable_source(source: Source) -> None:
    """Have the source read now, and by its schedule from then on. Raises SourceError where it was never tried."""
    if not source.is_tried:
        start_run(source, SourceRun.Start.PERSON)  # says what to do
    source.is_enabled, source.next_run_at, source.failures = True, timezone.now(), 0
    source.save(update_fields=["is_enabled", "next_run_at", "failures"])
    _ring(source)


def disable_source(source: Source) -> None:
    """Have the source left alone; a run that is at work goes on to its end, and one that people asked for is done."""
    source.is_enabled, source.next_run_at = False, None
    source.save(update_fields=["is_enabled", "next_run_at"])
    for given_back in source.runs.filter(start=SourceRun.Start.SCHEDULE, state=SourceRun.State.WAITING):
        stop_run(given_back)


def note_decision(source: Source, decision: Source.Decision) -> None:
    """Note what becomes of the products that a run found vanished: the next run carries it out.

    It holds for as many as that run named: where more are gone by then, it is asked again. Raises SourceError where
    nothing is asked.
    """
    if source.asking_run is None:
        raise SourceError(gettext("Nothing of %s waits for a decision.") % source.name)
    source.decision, source.decided_count = decision, source.asking_run.vanished
    source.save(update_fields=["decision", "decided_count"])


def decide(source: Source, decision: Source.Decision) -> SourceRun:
    """Note the decision, and have a worker read the feed again to carry it out. Raises SourceError."""
    note_decision(source, decision)
    return request_run(source, SourceRun.Start.PERSON)
