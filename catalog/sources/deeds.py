"""What staff can do with a source by a button, when it is offered, and what is asked first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from catalog.models import Source, SourceRun
from catalog.sources.steering import decide, disable_source, enable_source, request_run, stop_run

Start = SourceRun.Start


@dataclass(frozen=True)
class Deed:
    """One button: whether it is there, what it does, what is said then, and the consequence that is asked about."""

    label: StrPromise
    is_offered: Callable[[Source, bool], bool]  # of a source, and whether a run of it is open
    do: Callable[[Source], object]
    said: StrPromise
    ask: Callable[[Source], str] | None = None
    is_main: bool = False


def _stop(source: Source) -> None:
    for run in source.runs.filter(state__in=SourceRun.OPEN):
        stop_run(run)


def _describe_going(source: Source) -> str:
    count = source.asking_run.vanished if source.asking_run else 0
    if source.vanished == Source.Vanished.DELETE:
        said = ngettext("%(count)d product is deleted.", "%(count)d products are deleted.", count)
    else:
        said = ngettext(
            "%(count)d product is hidden from the shop.", "%(count)d products are hidden from the shop.", count
        )
    more = gettext("If the feed has them again, they come back. Where more are gone by then, you are asked again.")
    return f"{said % {'count': count}} {more}"


def _describe_keeping(source: Source) -> str:
    return gettext("They stay in the shop although the feed does not have them, and it is not asked about them again.")


DEEDS: dict[str, Deed] = {
    "load": Deed(
        _("Load it and keep it true"),
        lambda source, is_open: source.is_tried and not source.is_enabled and not is_open,
        enable_source,
        _("%s is loaded now, and read by its schedule from then on."),
        is_main=True,
    ),
    "let_go": Deed(
        _("Let them go"),
        lambda source, is_open: bool(source.asking_run_id) and not source.decision,
        lambda source: decide(source, Source.Decision.LET_GO),
        _("%s is read once more, and what vanished goes."),
        _describe_going,
        is_main=True,
    ),
    "keep": Deed(
        _("Keep them"),
        lambda source, is_open: bool(source.asking_run_id) and not source.decision,
        lambda source: decide(source, Source.Decision.KEEP),
        _("%s is read once more, and what vanished stays."),
        _describe_keeping,
    ),
    "stop": Deed(
        _("Stop"), lambda source, is_open: is_open, _stop, _("%s is stopped. What had been loaded by then is kept.")
    ),
    "run": Deed(
        _("Run now"),
        lambda source, is_open: source.is_tried and (source.is_enabled or bool(source.read_at)) and not is_open,
        lambda source: request_run(source, Start.PERSON),
        _("%s is read as soon as a worker can."),
    ),
    "try": Deed(
        _("Dry run"),
        lambda source, is_open: not is_open,
        lambda source: request_run(source, Start.DRY_RUN),
        _("%s is tried as soon as a worker can. Nothing is written."),
    ),
    "disable": Deed(
        _("Leave it alone"),
        lambda source, is_open: source.is_enabled,
        disable_source,
        _("%s is left alone. Its products stay."),
    ),
}  # fmt: skip


def offer_deeds(source: Source, *, is_open: bool) -> Iterator[tuple[str, Deed]]:
    """Yield what can be done with the source now, by name; `is_open`: a run of it waits or is at work."""
    yield from ((name, deed) for name, deed in DEEDS.items() if deed.is_offered(source, is_open))
