"""The map of the catalogue coloured by how often who is shown a product clicks on it. Importing this registers it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from behaviour.reports.daily_counts import DailyCount, DailyTotal
from behaviour.reports.rates import measure_rate
from catalog.models import Product
from embeddings.map.colourings import NONE, ORDERED, UNSAID, Colouring, Label, Read, among, register_colouring

DAYS = 28
FAR = 2.0  # times as often as usual, or as seldom
FAR_BELOW, BELOW, USUAL, ABOVE, FAR_ABOVE = ORDERED


def judge_clicks(clicks: int, impressions: int, *, usual: float) -> str:
    """Return how a click rate compares with the `usual` one, as far as its interval says so for sure; else USUAL."""
    rate = measure_rate(clicks, of=impressions)
    if rate is None:
        return UNSAID
    if rate.high < usual:
        return FAR_BELOW if rate.high < usual / FAR else BELOW
    if rate.low > usual:
        return FAR_ABOVE if rate.low > usual * FAR else ABOVE
    return USUAL


def begin_click_rates() -> Read:
    """Of the last 28 days, beside what all products together have."""
    since = timezone.localdate() - timedelta(days=DAYS - 1)
    sums = {"impressions": Sum("impressions"), "clicks": Sum("clicks")}
    shop = DailyTotal.objects.filter(day__gte=since).order_by().aggregate(**sums)
    usual = (shop["clicks"] or 0) / (shop["impressions"] or 1)

    def read(product_ids: Sequence[int]) -> dict[int, str]:
        ids = dict(Product.objects.filter(among("id", product_ids)).order_by().values_list("sku", "pk"))
        counted = DailyCount.objects.filter(among("sku", list(ids)), day__gte=since).order_by()
        rows = counted.values("sku").annotate(**sums).values_list("sku", "clicks", "impressions")
        return {ids[sku]: judge_clicks(clicks, impressions, usual=usual) for sku, clicks, impressions in rows}

    return read


register_colouring(
    "clicks",
    Colouring(
        title=_("Click rate in 28 days"),
        begin=begin_click_rates,
        part="visits",
        labels={
            FAR_ABOVE: Label(_("More than twice the usual"), FAR_ABOVE),
            ABOVE: Label(_("Above the usual"), ABOVE),
            USUAL: Label(_("As usual, or not shown often enough to tell"), USUAL),
            BELOW: Label(_("Below the usual"), BELOW),
            FAR_BELOW: Label(_("Less than half the usual"), FAR_BELOW),
            UNSAID: Label(_("Never shown"), NONE),
        },
    ),
)
