"""What the front of the admin says of the doctor: how well the catalogue is, and how much there is to mend."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from catalog.desk.front import Need, Tile, register_needs, register_tiles
from catalog.doctor.scores import read_scores


def read_health() -> list[float]:
    """Return for each day of the last ones which share of the catalogue is well, the mean of all checks."""
    days: dict[object, list[float]] = {}
    for scores in read_scores().values():
        for score in scores:
            days.setdefault(score.day, []).append(1 - score.amiss / max(score.products, 1))
    return [fmean(shares) for _day, shares in sorted(days.items(), key=lambda item: str(item[0]))]


@register_tiles("health", permission="catalog.view_product")
def show_health() -> Iterator[Tile]:
    """How well the catalogue is."""
    shares = read_health()
    yield Tile(
        title=gettext("Health of the catalogue"),
        figure=f"{shares[-1]:.1%}" if shares else "–",
        note=gettext("is well, by all that the doctor examines") if shares else gettext("not measured yet"),
        url=reverse("doctor"),
        points=tuple(shares),
    )


@register_needs("doctor", permission="catalog.change_product")
def name_findings() -> Iterator[Need]:
    """What the doctor has found and nobody has mended or put aside."""
    amiss = sum(scores[-1].amiss for scores in read_scores().values() if scores)
    if amiss:
        said = ngettext(
            "The doctor has found %(count)s thing to mend.", "The doctor has found %(count)s things to mend.", amiss
        )
        count = number_format(amiss, force_grouping=True)
        yield Need(text=said % {"count": count}, url=reverse("doctor"))
