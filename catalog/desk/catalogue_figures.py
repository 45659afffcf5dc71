"""What the front of the admin says of the catalogue and of its sources."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from api.counts import count_rows, word_count
from catalog.desk.front import Need, Tile, register_needs, register_tiles
from catalog.models import Product, Source
from catalog.sources.source_run import SourceRun

NAMED = 5  # sources, each with a line of its own


@register_tiles("catalogue", permission="catalog.view_product")
def show_catalogue() -> Iterator[Tile]:
    """How many products there are, and how many of them lack a picture."""
    shown = word_count(count_rows(Product.objects.shown()))
    everything = gettext("of %s in all") % word_count(count_rows(Product.objects.all()))
    listed = reverse("admin:catalog_product_changelist")
    yield Tile(title=gettext("Products in the shop"), figure=shown, note=everything, url=listed)
    bare = count_rows(Product.objects.shown().filter(unpictured__isnull=False))
    yield Tile(
        title=gettext("Without a picture"),
        figure=word_count(bare),
        note=gettext("compared by what else they have"),
        url=f"{listed}?missing=picture&is_active__exact=1",
    )


@register_needs("sources", permission="catalog.view_source")
def name_sources() -> Iterator[Need]:
    """Sources that ask something, or that could not be read the last time."""
    asking = SourceRun.objects.filter(state=SourceRun.State.ASKING, source__isnull=False).select_related("source")
    for run in asking.order_by("-pk")[:NAMED]:
        yield Need(
            text=gettext("The source %s waits for a decision.") % run.source,
            url=reverse("admin:catalog_source_change", args=[run.source_id]),
            is_urgent=True,
        )
    failing = Source.objects.filter(failures__gt=0)[:NAMED]
    for source in failing:
        told = ngettext(
            "The source %(name)s could not be read, %(count)d time in a row.",
            "The source %(name)s could not be read, %(count)d times in a row.",
            source.failures,
        )
        yield Need(
            text=told % {"name": source.name, "count": source.failures},
            url=reverse("admin:catalog_source_change", args=[source.pk]),
        )
