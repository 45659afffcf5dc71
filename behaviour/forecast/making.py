"""Forecasts of all products, made once a day and written in slices: what is interrupted goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np
from django.conf import settings
from django.utils import timezone

from behaviour.forecast.forecast import Forecast
from behaviour.forecast.forecasts import Forecasts
from behaviour.forecast.neighbours import Near
from behaviour.forecast.outlook import Outlook
from behaviour.forecast.past import EPOCH, Past
from behaviour.forecast.reading import Shop, read_shop
from behaviour.forecast.sales import Counts, Measure
from behaviour.learners.facts import Ints
from behaviour.reports.daily_counts import DailyCount

LONG_AGO = timedelta(days=28)
SLICE = 2_000  # products that are written at once
NAMED = 8  # neighbours that a forecast names, and that count at least
LEAST_NAMED = 0.01


def find_start() -> date | None:
    """Return the first day to forecast: today, or, where nothing was sold for long, the day after the last sale.

    A history that was imported from elsewhere may end long ago. None: nothing was sold on a day that is over, and
    forecasts know no others.
    """
    today = timezone.localdate()
    sold = DailyCount.objects.filter(orders__gt=0, day__lt=today)
    last = sold.order_by("-day").values_list("day", flat=True).first()
    if last is None:
        return None
    return today if today - last <= LONG_AGO else last + timedelta(days=1)


def learn_outlook(shop: Shop, *, today: date, weeks: int, measure: Measure = "units") -> Outlook:
    """Learn what will be sold from the start of `today` on."""
    origin = (today - EPOCH).days
    counts = Counts.of(shop.sales, measure=measure)
    added = np.append(shop.added, np.zeros(len(shop.sales.skus) - len(shop.catalogue), dtype=np.int32))
    past = Past(counts, shop.content, shop.categories, weeks)
    return Outlook.learn(past, added=added, origin=origin)


def make_forecasts(*, report: Callable[[int], object] = lambda _: None) -> int:
    """Forecast every product that has no forecast of today; return how many were written. Without sales there is none.

    `report` is told of each slice how many products it had.
    """
    today, weeks = find_start(), settings.KINDRED_FORECAST_WEEKS
    if today is None:
        return 0
    shop = read_shop(until=today)
    done = set(Forecast.objects.filter(starts_on=today).order_by().values_list("product_id", flat=True))
    waiting = np.flatnonzero(~np.isin(shop.catalogue.product_ids, list(done))).astype(np.int32)
    if not len(waiting):
        return 0
    outlook = learn_outlook(shop, today=today, weeks=weeks)
    for start in range(0, len(waiting), SLICE):
        items = waiting[start : start + SLICE]
        write(list(build_rows(shop, outlook, items, today=today)))
        report(len(items))
    return len(waiting)


def build_rows(shop: Shop, outlook: Outlook, items: Ints, *, today: date) -> Iterator[Forecast]:
    """Return the rows of these products."""
    forecasts, basis, neighbours_total = outlook.forecast(items)
    made_at = timezone.now()
    for row, item in enumerate(items):
        is_own = basis[row] == Forecast.Basis.OWN
        yield Forecast(
            product_id=int(shop.catalogue.product_ids[item]),
            basis=str(basis[row]),
            starts_on=today,
            **_numbers(forecasts, row),
            neighbours_total=None if np.isnan(neighbours_total[row]) else round(float(neighbours_total[row]), 3),
            learned_from=[] if is_own else name_neighbours(forecasts.near, row, skus=shop.sales.skus),
            made_at=made_at,
        )


def _numbers(forecasts: Forecasts, row: int) -> dict[str, object]:
    weekly = {name: np.round(getattr(forecasts, name)[row], 3).tolist() for name in ("expected", "low", "high")}
    totals = {name: round(float(getattr(forecasts, name)[row]), 3) for name in ("total", "total_low", "total_high")}
    return {**weekly, **totals}


def name_neighbours(near: Near | None, row: int, *, skus: tuple[str, ...]) -> list[list[object]]:
    """Return [SKU, weight] of the neighbours that count most, heaviest first; weights are shares of all of them."""
    if near is None:
        return []
    order = np.argsort(-near.weights[row], kind="stable")[:NAMED]
    pairs = [(skus[near.items[row, place]], round(float(near.weights[row, place]), 3)) for place in order]
    return [[sku, weight] for sku, weight in pairs if weight >= LEAST_NAMED]


def write(rows: list[Forecast]) -> None:
    """Store the rows in place of earlier ones. A product that is deleted meanwhile has the slice tried again."""
    fields = [field.name for field in Forecast._meta.concrete_fields if not field.primary_key]
    Forecast.objects.bulk_create(rows, update_conflicts=True, unique_fields=["product"], update_fields=fields)
