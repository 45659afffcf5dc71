"""What would have been forecast, day after day, against what was sold: new products and those that were there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from behaviour.forecast.accuracy import Accuracy
from behaviour.forecast.baselines import expect_simply
from behaviour.forecast.content_regression import ContentRegression
from behaviour.forecast.existing_products import ExistingProducts
from behaviour.forecast.launches import Known
from behaviour.forecast.new_products import NewProducts, describe_launches
from behaviour.forecast.past import EPOCH, Past
from behaviour.forecast.sales import Measure

LEAST_DAYS = 14  # of sales before a cut


@dataclass(frozen=True)
class Backtest:
    """How forecasts and baselines did from `cut` on."""

    measure: Measure
    cut: date
    weeks: int
    new: Accuracy
    existing: Accuracy
    baselines: dict[str, Accuracy]

    def to_json(self) -> dict[str, Any]:
        """Return the figures; null where there is none."""
        return {
            "measure": self.measure,
            "cut": self.cut.isoformat(),
            "weeks": self.weeks,
            "new": {"launches": self.new.count, **_figures(self.new)},
            "existing": {"products": self.existing.count, **_figures(self.existing)},
            "baselines": {
                name: {"launches": accuracy.count, **_figures(accuracy)} for name, accuracy in self.baselines.items()
            },
        }


def run_backtest(past: Past, *, measure: Measure, cut: date | None = None) -> Backtest:
    """Forecast from `cut` on, by default the middle of the past. ValueError where no week is over by the end."""
    counts = past.counts
    first = (cut - EPOCH).days if cut else (counts.start + counts.end) // 2
    if not counts.start + LEAST_DAYS <= first <= counts.end - 7 * past.weeks:
        latest, earliest = _to_date(counts.end - 7 * past.weeks), _to_date(counts.start + LEAST_DAYS)
        raise ValueError(
            f"Nothing can be forecast and compared from {_to_date(first)} on: two weeks of sales have to come before, "
            f"and {past.weeks} weeks to follow. Choose a cut from {earliest} to {latest}, or fewer weeks."
        )
    new, baselines = _judge_new(past, cut=first)
    return Backtest(measure, _to_date(first), past.weeks, new, _judge_existing(past, cut=first), baselines)


def _judge_new(past: Past, *, cut: int) -> tuple[Accuracy, dict[str, Accuracy]]:
    """Forecast the launches of each day by what was known when it began."""
    counts, period = past.counts, 7 * past.weeks
    regression = ContentRegression(counts, past.content)
    launches = describe_launches(counts, past.content, origin=cut, weeks=past.weeks, regression=regression)
    expected, held, sold, simple = [], [], [], []
    for origin in range(cut, counts.end - period + 1):
        items = launches.items[launches.first == origin]
        if not len(items):
            continue
        known = Known.at(origin, counts=counts, content=past.content, period=period, regression=regression)
        forecasts = NewProducts.learn(launches, known, weeks=past.weeks).forecast(items)
        outcome = past.sold(items, since=counts.first_days())
        expected.append(forecasts.total)
        held.append(forecasts.holds(outcome))
        sold.append(outcome)
        simple.append(expect_simply(items, known, launches=launches, categories=past.categories))
    if not expected:
        return Accuracy(0, None, None, None, None), {}
    outcomes = np.concatenate(sold)
    judged = {name: np.concatenate([each[name] for each in simple]) for name in simple[0]}
    return (
        Accuracy.of(np.concatenate(expected), outcomes, held=np.concatenate(held)),
        {name: Accuracy.of(values, outcomes) for name, values in judged.items()},
    )


def _judge_existing(past: Past, *, cut: int) -> Accuracy:
    """Forecast all that had been sold at `cut`, and again when those weeks are over, as often as there are sales."""
    counts, period = past.counts, 7 * past.weeks
    expected, held, sold = [], [], []
    for origin in range(cut, counts.end - period + 1, period):
        items = np.flatnonzero(counts.first_days() < origin).astype(np.int32)
        learned = ExistingProducts.learn(counts, origin=origin, weeks=past.weeks, groups=past.groups)
        forecasts = learned.forecast(items)
        outcome = past.sold(items, since=origin)
        expected.append(forecasts.total)
        held.append(forecasts.holds(outcome))
        sold.append(outcome)
    return Accuracy.of(np.concatenate(expected), np.concatenate(sold), held=np.concatenate(held))


def _figures(accuracy: Accuracy) -> dict[str, float | None]:
    names = ("wape", "coverage80", "bias", "spearman")
    return {name: None if (value := getattr(accuracy, name)) is None else round(value, 4) for name in names}


def _to_date(day: int) -> date:
    return EPOCH + timedelta(days=day)
