"""What the front of the admin says of what shoppers do."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from api.counts import count_rows, word_count
from behaviour.experiments.experiment import Experiment
from behaviour.reports.page import count, percent
from behaviour.reports.performance import USUAL_DAYS, Period, read_performance
from behaviour.retail.tables import ShortStock
from catalog.desk.front import Need, Tile, register_needs, register_tiles

NAMED = 3  # experiments, each with a line of its own


@register_tiles("performance", permission="behaviour.view_dailytotal", part="visits")
def show_performance() -> Iterator[Tile]:
    """How often what is shown is clicked, and what is ordered after a click."""
    found = read_performance(Period.last(USUAL_DAYS), by="day")
    page, totals = reverse("admin:behaviour_dailytotal_changelist"), found.totals
    days = [figures for figures in found.rows.values() if figures.ctr is not None]
    yield Tile(
        title=gettext("Clicks by what was shown"),
        figure=percent(totals.ctr.value) if totals.ctr else "–",
        note=gettext("in %d days") % USUAL_DAYS,
        url=page,
        points=tuple(figures.ctr.value for figures in days if figures.ctr is not None),
    )
    yield Tile(
        title=gettext("Orders after a click"),
        figure=count(totals.counts["attributed_orders"]),
        note=gettext("in %d days") % USUAL_DAYS,
        url=page,
        points=tuple(float(figures.counts["attributed_orders"]) for figures in found.rows.values()),
    )


@register_needs("experiments", permission="behaviour.view_experiment", part="visits")
def name_experiments() -> Iterator[Need]:
    """Experiments that were stopped and not decided."""
    for experiment in Experiment.objects.filter(status=Experiment.Status.STOPPED)[:NAMED]:
        yield Need(
            text=gettext("The experiment %s has stopped: promote an arm, or leave all as it is.") % experiment,
            url=reverse("admin:behaviour_experiment_change", args=[experiment.pk]),
        )


@register_needs("substitutions", permission="behaviour.view_shortstock", part="stock")
def name_substitutions() -> Iterator[Need]:
    """Products that run out and have no substitute approved."""
    open_ones = count_rows(ShortStock.objects.all())
    if open_ones.number:
        said = ngettext(
            "%(count)s product runs out: approve what stands in.",
            "%(count)s products run out: approve what stands in.",
            open_ones.number,
        )
        desk = reverse("admin:behaviour_shortstock_changelist")
        yield Need(text=said % {"count": word_count(open_ones)}, url=desk)
