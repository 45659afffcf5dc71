"""Forecasts, and what rests on them and on the day's orders, made once a day without being asked."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import cache

from behaviour.forecast.making import find_start, make_forecasts
from behaviour.retail.gaps import find_gaps
from behaviour.retail.pairing import pair_categories
from catalog.models import Product

AT_WORK = "behaviour-forecasting"  # in the cache, as long as a worker gives signs of life
SILENT_S = 1800  # longer than learning, and writing a slice, take


def make_due_forecasts(*, report: Callable[[int], object] = lambda _: None) -> int:
    """Forecast what has no forecast of today, unless another process is at it; return how many were written.

    `report` is told of each slice how many products it had.
    """
    if not is_due() or not cache.add(AT_WORK, 1, SILENT_S):
        return 0

    def go_on(count: int) -> None:
        cache.touch(AT_WORK, SILENT_S)
        report(count)

    try:
        written = make_forecasts(report=go_on)
        pair_categories()
        find_gaps()
        return written
    finally:
        cache.delete(AT_WORK)


def is_due() -> bool:
    """Return whether the newest product, forecast last, lacks a forecast of today. Cheap, for beat asks often."""
    start, newest = find_start(), Product.objects.order_by("-pk").values_list("forecast__starts_on").first()
    return start is not None and newest is not None and (newest[0] is None or newest[0] < start)
