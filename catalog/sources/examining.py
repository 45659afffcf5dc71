"""What the doctor says of sources: those that fail, that wait for a person, or that were never put to use."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from django.utils.translation import gettext, gettext_lazy

from catalog.doctor.remarks import Remark, register_remarks
from catalog.metrics import FAILED_OFTEN
from catalog.models import Source, SourceRun
from catalog.sources.advice import word_for_sources

NAMED = 20  # sources that are told of


@register_remarks("sources", title=gettext_lazy("Sources"))
def examine_sources() -> Iterator[Remark]:
    """Name what keeps a source from being what its feed says."""
    for source in Source.objects.exclude(asking_run=None).select_related("asking_run")[:NAMED]:
        said = {"name": source.name, "count": source.asking_run.vanished if source.asking_run else 0}
        yield Remark(
            message=gettext("Source %(name)s waits for you: %(count)d products are not in its feed any more.") % said,
            advice=gettext("Say what becomes of them: manage.py sources run %(name)s --let-them-go, or --keep-them.")
            % {"name": shlex.quote(source.name)},
        )
    for source in Source.objects.filter(failures__gte=FAILED_OFTEN)[:NAMED]:
        last = source.runs.filter(state__in=[SourceRun.State.FAILED, SourceRun.State.BROKEN_OFF]).first()
        said = {"name": source.name, "count": source.failures, "error": word_for_sources(last.error) if last else ""}
        yield Remark(
            message=gettext("Source %(name)s has failed %(count)d times in a row: %(error)s") % said,
            advice=gettext("When that is mended, read it at once: manage.py sources run %(name)s")
            % {"name": shlex.quote(source.name)},
        )
