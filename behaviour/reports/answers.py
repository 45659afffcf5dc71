"""The performance report as JSON and as a table: what the API, the command and the admin's export give."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings

from behaviour.reports.daily_counts import MONEY_COLUMNS
from behaviour.reports.performance import FIGURES, Figures, Money, Performance
from behaviour.reports.rates import Rate
from catalog.importers.formulas import guard_cell
from catalog.rest.answers import render_moment, render_price

RATES = ("ctr", "cart_rate", "order_rate")
DIGITS = 6  # of a share


def render_performance(found: Performance) -> dict[str, Any]:
    """Return the report as the API answers it."""
    return {
        "since": found.period.since.isoformat(),
        "until": found.period.until.isoformat(),
        "days": found.period.days,
        "time_zone": settings.TIME_ZONE,
        "attribution_hours": settings.KINDRED_ATTRIBUTION_HOURS,
        "counted_at": render_moment(found.counted_at) if found.counted_at else None,
        "by": found.by,
        "totals": render_figures(found.totals),
        "rows": [{"name": name, **render_figures(figures)} for name, figures in found.rows.items()],
    }


def render_figures(figures: Figures) -> dict[str, Any]:
    return {
        **figures.counts,
        **{name: render_rate(getattr(figures, name)) for name in RATES},
        "order_share": round_share(figures.order_share),
        "revenue": [render_money(code, figures.money[code]) for code in sorted(figures.money)],
    }


def render_rate(rate: Rate | None) -> dict[str, float | None] | None:
    if rate is None:
        return None
    return {"value": round_share(rate.value), "low": round_share(rate.low), "high": round_share(rate.high)}


def render_money(currency: str, money: Money) -> dict[str, Any]:
    amounts = {name.replace("_revenue", ""): render_price(getattr(money, name)) for name in MONEY_COLUMNS}
    return {"currency": currency, "total": amounts.pop("revenue"), **amounts, "share": round_share(money.share)}


def round_share(share: float | None) -> float | None:
    return None if share is None else round(share, DIGITS)


def build_table(found: Performance) -> list[list[str]]:
    """Return the rows with a heading and the totals as texts, one column for each number: for spreadsheets."""
    codes = sorted(found.totals.money)
    rates = [f"{name}{end}" for name in RATES for end in ("", "_low", "_high")]
    head = [found.by, *FIGURES, *rates, *(f"{name}_{code}" for code in codes for name in MONEY_COLUMNS)]
    lines = [*found.rows.items(), ("total", found.totals)]
    return [head, *([guard_cell(name), *_list_numbers(figures, codes=codes)] for name, figures in lines)]


def _list_numbers(figures: Figures, *, codes: list[str]) -> list[str]:
    numbers = [str(figures.counts[name]) for name in FIGURES]
    for name in RATES:
        rate = getattr(figures, name)
        numbers += [f"{end:.{DIGITS}f}" for end in (rate.value, rate.low, rate.high)] if rate else ["", "", ""]
    for code in codes:
        money = figures.money.get(code, Money())
        numbers += [f"{render_price(Decimal(getattr(money, name)))}" for name in MONEY_COLUMNS]
    return numbers
