"""A forecast as JSON, for the command and the REST API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from behaviour.forecast.forecast import Forecast


def render_forecast(sku: str, forecast: Forecast) -> dict[str, Any]:
    """Return the forecast of the product `sku`; amounts are means, and so not whole."""
    weekly = zip(forecast.expected, forecast.low, forecast.high, strict=True)
    return {
        "sku": sku,
        "basis": str(forecast.basis),
        "starts_on": forecast.starts_on.isoformat(),
        "total": {"expected": forecast.total, "low": forecast.total_low, "high": forecast.total_high},
        "weeks": [
            {
                "starts_on": (forecast.starts_on + timedelta(days=7 * number)).isoformat(),
                "expected": expected,
                "low": low,
                "high": high,
            }
            for number, (expected, low, high) in enumerate(weekly)
        ],
        "learned_from": [{"sku": neighbour, "weight": weight} for neighbour, weight in forecast.learned_from],
        "made_at": forecast.made_at.isoformat(),
    }
