"""How a run ended, written down: on itself, and on its source, whose next turn follows from it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from catalog.metrics import SOURCE_RUNS
from catalog.models import Source, SourceRun
from catalog.sources.feed import Feed
from catalog.sources.leasing import Lease, LeaseLost
from catalog.sources.one_run import Ending
from catalog.sources.retries import find_next_try
from catalog.sources.source_run import KEPT_RUNS
from catalog.sources.stored_texts import as_stored

WHOLE = (SourceRun.State.DONE, SourceRun.State.ASKING)
FAILED = (SourceRun.State.FAILED, SourceRun.State.BROKEN_OFF)
MAX_ERROR = 1000  # characters
MAX_ETAG, MAX_DATE = 500, 100  # characters; a longer one is not remembered, and the feed is asked for whole
SENT_BACK = re.compile(r"[\x20-\x7e\xa0-\xff]*")  # what a header can hold; no server recognises anything else


@transaction.atomic
def finish_run(run: SourceRun, ending: Ending, *, lease: Lease) -> None:
    """Write down how the run ended. Raises LeaseLost where another one has taken its source over."""
    now = timezone.now()
    # Locked, so that whoever enables it meanwhile is not overruled.
    source = Source.objects.select_for_update().filter(pk=run.source_id, lease=lease.token).first()
    if source is None:
        raise LeaseLost
    if ending.state == SourceRun.State.WAITING:  # it has not begun: whoever was about to do it ends
        _give_back(run, source=source, now=now)
        return
    run.state, run.error, run.ended_at = ending.state, as_stored(ending.error)[:MAX_ERROR], now
    run.save()
    changes = _after_dry_run(run) if run.is_dry else _after_run(run, ending, source=source, now=now)
    if changes:
        Source.objects.filter(pk=source.pk).update(**changes)
    _forget_old_runs(source)
    if not run.is_dry:
        transaction.on_commit(SOURCE_RUNS.labels(run.state).inc)


def _give_back(run: SourceRun, *, source: Source, now: datetime) -> None:
    """Have the run wait again; where another one of its kind was asked for meanwhile, that one is enough."""
    given = source.runs.filter(pk=run.pk)
    if source.runs.filter(start=run.start, state=SourceRun.State.WAITING).exists():
        said = gettext("The worker ended. The run that was asked for meanwhile is done in its place.")
        given.update(state=SourceRun.State.STOPPED, error=said, ended_at=now)
    else:
        given.update(state=SourceRun.State.WAITING, started_at=None)


def _after_dry_run(run: SourceRun) -> dict[str, Any]:
    """What has been tried is what the source was when the run began."""
    return {"tried_as": run.source.reading} if run.state == SourceRun.State.DONE else {}


def _after_run(run: SourceRun, ending: Ending, *, source: Source, now: datetime) -> dict[str, Any]:
    """Return what changes of the source. `run.source` is what it was when the run began."""
    has_failed = run.state in FAILED
    failures = source.failures + 1 if has_failed else source.failures
    changes: dict[str, Any] = {"failures": failures}
    if run.state in (*WHOLE, SourceRun.State.UNCHANGED):
        changes["failures"] = 0
        changes |= _note_content(ending.feed) if ending.feed else {}
    if run.state in WHOLE:
        changes |= {"read_as": run.source.reading, "read_at": now}
        changes |= _settle_question(run, source=source)
    if source.is_enabled:
        changes["next_run_at"] = (
            find_next_try(
                source.timetable,
                at=now,
                failures=failures,
                is_temporary=ending.is_temporary,
                retry_after_s=ending.retry_after_s,
            )
            if has_failed
            else source.timetable.next_after(now)
        )
    return changes


def _note_content(feed: Feed) -> dict[str, str]:
    said = feed.validators
    return {
        "content_sha256": feed.sha256,
        "etag": _keep_header(said.etag, longest=MAX_ETAG),
        "last_modified": _keep_header(said.last_modified, longest=MAX_DATE),
    }


def _keep_header(text: str, *, longest: int) -> str:
    """Return what a server is sent back: all that it said, or nothing."""
    return text if len(text) <= longest and SENT_BACK.fullmatch(text) else ""


def _settle_question(run: SourceRun, *, source: Source) -> dict[str, Any]:
    """An earlier question is answered by what was read since; a decision is carried out, if it was known then."""
    SourceRun.objects.filter(source=source, state=SourceRun.State.ASKING).exclude(pk=run.pk).update(
        state=SourceRun.State.DONE
    )
    changes: dict[str, Any] = {"asking_run": run if run.state == SourceRun.State.ASKING else None}
    if source.decision and source.decision == run.source.decision:
        changes |= {"decision": "", "decided_count": 0}
    return changes


def break_off_runs(source: Source, *, lease: Lease) -> None:
    """Mark what somebody began who has fallen silent. It counts as a failure: the feed may be what killed them."""
    for run in source.runs.filter(state__in=SourceRun.AT_WORK):
        ending = Ending(
            state=SourceRun.State.BROKEN_OFF,
            error=gettext(
                "Whoever read it has fallen silent: it was killed, or its machine. What had been loaded is kept."
            ),
            is_temporary=True,
        )
        finish_run(run, ending, lease=lease)


def _forget_old_runs(source: Source) -> None:
    kept = source.runs.exclude(state__in=SourceRun.OPEN).order_by("-id")
    oldest = list(kept.values_list("pk", flat=True)[KEPT_RUNS : KEPT_RUNS + 1])
    if oldest:
        old = kept.filter(pk__lte=oldest[0]).exclude(state=SourceRun.State.ASKING)
        old.delete()
