"""A source and its runs in words, for the pages of the admin, in the language of who reads them."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from catalog.models import Source, SourceRun

State = SourceRun.State
SLOW_TO_BEGIN = timedelta(minutes=2)  # beat sends what waits once a minute


def word_state(source: Source, last: SourceRun | None) -> str:
    """Say how it stands with a source: what is being done first, and then what waits for a person."""
    if last and last.state in SourceRun.OPEN:
        return _word_progress(last)
    if is_due(source):
        return gettext("Waits for a worker")
    if source.asking_run_id:
        return gettext("Waits for you")
    if source.failures:
        several = gettext("Failed %(count)d times in a row") % {"count": source.failures}
        return several if source.failures > 1 else gettext("Failed")
    if source.is_enabled:
        return gettext("Kept true")
    return gettext("Ready to be loaded") if source.is_tried and not source.read_at else gettext("Not enabled")


def _word_progress(run: SourceRun) -> str:
    if run.state == State.WAITING:
        return gettext("Waits for a worker")
    if run.is_stop_wanted:
        return gettext("Is being stopped")
    said = {"state": run.get_state_display(), "rows": number_format(run.rows, force_grouping=True)}
    return gettext("%(state)s, %(rows)s rows") % said


def word_counts(run: SourceRun) -> str:
    """Say what a run did, or what a dry run would have done."""
    if run.state == State.UNCHANGED:
        return gettext("The feed has not changed.")
    words = (_would_words if run.is_dry else _did_words)(run.pictures)
    always = {"created"} if run.is_dry else {"created", "changed", "unchanged", "rejected"}
    parts = [
        words[name] % {"count": number_format(getattr(run, name), force_grouping=True)}
        for name in words
        if getattr(run, name) or name in always
    ]
    said = gettext(", ").join(parts)
    return gettext("Would %s") % said if run.is_dry else f"{said[:1].upper()}{said[1:]}"


def _would_words(pictures: int) -> dict[str, str]:
    return {
        "created": gettext("create %(count)s"),
        "changed": gettext("change %(count)s"),
        "unchanged": gettext("leave %(count)s as they are"),
        "rejected": gettext("reject %(count)s"),
        "deactivated": gettext("deactivate %(count)s that vanished"),
        "deleted": gettext("delete %(count)s that vanished"),
        "pictures": ngettext("fetch %(count)s picture", "fetch %(count)s pictures", pictures),
    }


def _did_words(pictures: int) -> dict[str, str]:
    return {
        "created": gettext("created %(count)s"),
        "changed": gettext("changed %(count)s"),
        "unchanged": gettext("%(count)s unchanged"),
        "rejected": gettext("rejected %(count)s"),
        "deactivated": gettext("deactivated %(count)s that vanished"),
        "deleted": gettext("deleted %(count)s that vanished"),
        "pictures": ngettext("%(count)s picture to fetch", "%(count)s pictures to fetch", pictures),
    }


def is_due(source: Source) -> bool:
    """Is it to be read now, with nobody at it yet?"""
    return source.is_enabled and source.next_run_at is not None and source.next_run_at <= timezone.now()


def is_at_work(source: Source, last: SourceRun | None) -> bool:
    """Is something of it going on, so that a page about it is worth looking at again?"""
    return is_due(source) or (last is not None and last.state in SourceRun.OPEN)


def is_slow_to_begin(run: SourceRun) -> bool:
    """Has nobody taken it although beat must have sent it?"""
    return run.state == State.WAITING and timezone.now() - run.created_at > SLOW_TO_BEGIN


def share_done(run: SourceRun) -> float | None:
    """Return how far a run is, of 1, for a bar; None where nobody knows how much there is."""
    return min(run.done_bytes / run.total_bytes, 1) if run.total_bytes else None
