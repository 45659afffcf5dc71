"""What was shown and sold of each product, read from the daily counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
from django.db.models import Sum

from behaviour.forecast.sales import DailySales
from behaviour.reports.daily_counts import DailyCount

EPOCH = date(1970, 1, 1)
READ_AT_ONCE = 20_000  # rows


class ProductCounts(NamedTuple):
    """How much there was of one product, from one day to another. Attributed: credited to lists after a click."""

    impressions: int = 0
    clicks: int = 0
    views: int = 0
    carts: int = 0
    wishes: int = 0
    orders: int = 0
    units: int = 0
    attributed_orders: int = 0


def read_counts_by_product(since: date, until: date) -> dict[str, ProductCounts]:
    """Return by SKU what there was from `since` to `until`, both included. For workers: it is as long as the shop."""
    found = DailyCount.objects.filter(day__range=(since, until)).order_by()
    rows = found.values("sku").annotate(**_sums()).values_list("sku", *ProductCounts._fields)
    return {sku: ProductCounts(*counts) for sku, *counts in rows}


def read_counts_of(sku: str, *, since: date, until: date) -> ProductCounts:
    """Return what there was of one product, both days included."""
    return ProductCounts(**DailyCount.objects.filter(sku=sku, day__range=(since, until)).aggregate(**_sums()))


def read_daily_sales(*, since: date | None = None, until: date | None = None) -> DailySales:
    """Return what was sold of each product on each day, from `since` to `until`, both included, or of all time."""
    sold = DailyCount.objects.exclude(orders=0, units=0).order_by()
    if since is not None:
        sold = sold.filter(day__gte=since)
    if until is not None:
        sold = sold.filter(day__lte=until)
    rows = sold.values_list("day", "sku").annotate(Sum("orders"), Sum("units"))
    numbers: dict[str, int] = {}
    found = np.fromiter(
        _number(rows.iterator(READ_AT_ONCE), numbers=numbers),
        dtype=[("day", "i4"), ("item", "i4"), ("orders", "f4"), ("units", "f4")],
    )
    return DailySales(
        day=found["day"].copy(),
        item=found["item"].copy(),
        orders=found["orders"].copy(),
        units=found["units"].copy(),
        skus=tuple(numbers),
    )


def _number(rows: Iterator[tuple[date, str, int, int]], *, numbers: dict[str, int]) -> Iterator[tuple[int, ...]]:
    for day, sku, orders, units in rows:
        yield (day - EPOCH).days, numbers.setdefault(sku, len(numbers)), orders, units


def _sums() -> dict[str, Sum]:
    return {name: Sum(name, default=0) for name in ProductCounts._fields}
