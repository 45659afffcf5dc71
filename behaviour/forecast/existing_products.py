"""How much of a product that is sold already will be sold in the coming weeks: its own level, and the season of all.

The level is an exponentially weighted mean of daily sales (simple exponential smoothing: Brown, Statistical
Forecasting for Inventory Control (1959); Hyndman and Athanasopoulos, Forecasting: Principles and Practice, chapter
8). A product with a few weeks behind it starts from what its neighbours sell, or sold at their launch, and that
counts like some days of its own. How fast the past fades, and how wide the bands are, is decided by forecasting
earlier origins and seeing what came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from behaviour.forecast.bands import Bands
from behaviour.forecast.forecasts import Forecasts
from behaviour.forecast.sales import Counts, Reals
from behaviour.forecast.season import knows_last_year, season_factors
from behaviour.learners.facts import Ints

HALF_LIVES = (7.0, 14.0, 28.0, 56.0)  # days
PRIOR_DAYS = 7.0
STEP = 14  # days between the earlier origins
TRIED = 4  # earlier origins
GUESSED = 0.5  # of a first year's season
LEAST = 0.0003  # sales a day that are expected of what no longer sells: two in twenty years


@dataclass(frozen=True)
class ExistingProducts:
    """How existing products are forecast at one origin."""

    counts: Counts  # before the origin
    origin: int
    weeks: int
    groups: Ints | None  # (items,) categories that share a season
    half_life: float
    week_bands: Bands
    total_bands: Bands

    @classmethod
    def learn(cls, counts: Counts, *, origin: int, weeks: int, groups: Ints | None = None) -> ExistingProducts:
        """Choose how fast the past fades, and the bands, by earlier origins whose weeks are over."""
        known = counts.before(origin)
        origins = [origin - 7 * weeks - STEP * back for back in range(TRIED)]
        tried = [
            Trial.of(known, origin=earlier, weeks=weeks, groups=groups)
            for earlier in origins
            if earlier > known.start + 28
        ]
        if not tried:
            return cls(known, origin, weeks, groups, HALF_LIVES[2], Bands.unsure(), Bands.unsure())
        errors = [sum(trial.error(half_life) for trial in tried) for half_life in HALF_LIVES]
        best = HALF_LIVES[int(np.argmin(errors))]
        expected = np.concatenate([trial.expected[best] for trial in tried])
        sold = np.concatenate([trial.sold for trial in tried])
        week_bands, total_bands = _fit(expected, sold), _fit(expected.sum(axis=1), sold.sum(axis=1))
        return cls(known, origin, weeks, groups, best, week_bands, total_bands)

    def forecast(self, items: Ints, *, prior: Reals | None = None) -> Forecasts:
        """Return what is expected of `items` (m,); `prior` (m,): a day by their neighbours, NaN: not known."""
        expected = _expect(self.counts, items, origin=self.origin, half_life=self.half_life, prior=prior)
        expected = expected[:, None] * _season(self.counts, items, self.origin, weeks=self.weeks, groups=self.groups)
        low, high = self.week_bands.around(expected)
        total_low, total_high = self.total_bands.around(expected.sum(axis=1))
        return Forecasts(items, expected, low, high, total_low, total_high)


@dataclass(frozen=True)
class Trial:
    """An earlier origin: what each half-life expected of every product sold before it, and what was sold."""

    expected: Mapping[float, Reals]  # (m, weeks) each
    sold: Reals  # (m, weeks)

    @classmethod
    def of(cls, counts: Counts, *, origin: int, weeks: int, groups: Ints | None) -> Trial:
        """Forecast at `origin` from what was known then."""
        items = np.flatnonzero(counts.first_days() < origin).astype(np.int32)
        before = counts.before(origin)
        season = _season(before, items, origin, weeks=weeks, groups=groups)
        expected = {
            half_life: _expect(before, items, origin=origin, half_life=half_life)[:, None] * season
            for half_life in HALF_LIVES
        }
        starts = origin + 7 * np.arange(weeks)
        sold = [counts.sum_between(int(start), int(start) + 7, items=items) for start in starts]
        return cls(expected, np.column_stack(sold))

    def error(self, half_life: float) -> float:
        """Return the sum of absolute errors of the totals."""
        return float(np.abs(self.expected[half_life].sum(axis=1) - self.sold.sum(axis=1)).sum())


def _expect(counts: Counts, items: Ints, *, origin: int, half_life: float, prior: Reals | None = None) -> Reals:
    """Return (m,) what a day sells: the weighted mean of the days since the first sale, and some days of the prior."""
    fade = 0.5 ** ((origin - 1 - counts.day) / half_life)
    sold = np.bincount(counts.item, weights=counts.count * fade, minlength=counts.item_count)[items]
    age = np.maximum(origin - counts.first_days()[items], 1)
    days = (1 - 0.5 ** (age / half_life)) / (1 - 0.5 ** (1 / half_life))
    if prior is not None:
        known = np.isfinite(prior)
        sold = sold + np.where(known, PRIOR_DAYS * np.nan_to_num(prior), 0)
        days = days + np.where(known, PRIOR_DAYS, 0)
    return np.asarray(np.maximum(sold / days, LEAST))


def _season(counts: Counts, items: Ints, origin: int, *, weeks: int, groups: Ints | None) -> Reals:
    """Return (m, weeks) by how much a day's sales of now are multiplied for a week's.

    A season that no year has shown yet is guessed at, and of a guess half is taken (in logarithms).
    """
    factors = season_factors(counts, origin=origin, weeks=weeks, groups=groups)
    factors = 7 * (factors if knows_last_year(counts, origin=origin) else factors**GUESSED)
    rows = np.full(len(items), len(factors) - 1) if groups is None else groups[items]
    return np.asarray(factors[rows])


def _fit(expected: Reals, sold: Reals) -> Bands:
    return Bands.fit(expected.ravel(), sold.ravel(), counts_for=np.ones(expected.size))
