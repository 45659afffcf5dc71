"""Forecasts as rows of the table, for tests that are not about how they are made."""

from __future__ import annotations

from django.utils import timezone

from behaviour.forecast.forecast import Forecast
from catalog.models import Product


def make_forecast(product: Product, *, per_day: float = 1.0, neighbours: float | None = None) -> Forecast:
    """Store that the product sells so much in a day, for eight weeks from today on."""
    weekly = [7.0 * per_day] * 8
    return Forecast.objects.create(
        product=product,
        basis=Forecast.Basis.OWN,
        starts_on=timezone.localdate(),
        expected=weekly,
        low=weekly,
        high=weekly,
        total=sum(weekly),
        total_low=0,
        total_high=sum(weekly),
        neighbours_total=neighbours,
        made_at=timezone.now(),
    )
