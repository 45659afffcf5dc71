"""How much of a product will be sold in the weeks after its first sale: learned from earlier launches of this shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from behaviour.forecast.bands import Bands
from behaviour.forecast.content_regression import ContentRegression
from behaviour.forecast.forecasts import Forecasts
from behaviour.forecast.launches import FEATURES, NEW_AFTER_DAYS, Known
from behaviour.forecast.lessons import FEWEST, Lessons, fade
from behaviour.forecast.neighbours import Near
from behaviour.forecast.sales import Counts, Reals
from behaviour.forecast.season import realised_growth, season_factors
from behaviour.forecast.tweedie import TweedieModel
from behaviour.learners.content import Content
from behaviour.learners.facts import Ints

MAX_LAUNCHES = 5_000  # the latest: older ones say little of today
HALF_LIFE = 90.0  # days: what an example for the band counts
POOLED = 50.0  # sales of all launches together that are added to the neighbours' own, week by week


@dataclass(frozen=True)
class Launches:
    """Launches with what was known of each before its first sale."""

    items: Ints  # (n,)
    first: Ints  # (n,) the day of the first sale, ascending
    features: Reals  # (n, p)

    def keep(self, chosen: npt.NDArray[np.intp]) -> Launches:
        """Return those at the places `chosen`."""
        return Launches(self.items[chosen], self.first[chosen], self.features[chosen])

    def seen(self, origin: int, *, days: int) -> Launches:
        """Return the latest that had been sold for so many days at `origin`."""
        return self.keep(np.flatnonzero(self.first + days <= origin)[-MAX_LAUNCHES:])


def describe_launches(
    counts: Counts, content: Content, *, origin: int, weeks: int, regression: ContentRegression | None = None
) -> Launches:
    """Describe each launch by the sales before its day: those that teach at `origin` or later, in order.

    Of earlier ones the latest MAX_LAUNCHES teach, and the others are not described.
    """
    regression = regression or ContentRegression(counts, content)
    first = counts.first_days()
    began = np.sort(first[(first >= counts.start + NEW_AFTER_DAYS) & (first < counts.end)])
    old = began[began <= origin - 7 * weeks // 2]
    since = old[-MAX_LAUNCHES:][0] if len(old) else counts.start
    parts = []
    for day in np.unique(began[began >= since]).tolist():
        items = np.flatnonzero(first == day).astype(np.int32)
        known = Known.at(day, counts=counts, content=content, period=7 * weeks, regression=regression)
        parts.append((items, first[items], known.describe(items)))
    if not parts:
        none = np.zeros(0, dtype=np.int32)
        return Launches(none, none, np.zeros((0, FEATURES)))
    return Launches(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@dataclass(frozen=True)
class NewProducts:
    """What earlier launches taught about the next ones, at one origin."""

    known: Known
    weeks: int
    model: TweedieModel | None  # None: too few launches
    curve: Reals  # (weeks,) what all launches together sold in each of their weeks
    weekly: Reals  # (items, weeks) what each launch sold in each week that it has completed
    week_bands: Bands
    total_bands: Bands

    @classmethod
    def learn(cls, launches: Launches, known: Known, *, weeks: int) -> NewProducts:
        """Learn from the `launches` that have been sold for half of `weeks` or longer at the origin of `known`."""
        examples = Examples.of(launches.seen(known.origin, days=7 * weeks // 2), known, weeks=weeks)
        if len(examples.launches.items) < FEWEST:
            return cls(known, weeks, None, examples.curve, examples.weekly, Bands.unsure(), Bands.unsure())
        lessons = examples.lessons
        belief, expected = lessons.try_out()
        model = lessons.teach(belief, origin=known.origin)
        if np.isfinite(expected).sum() < FEWEST:
            expected = lessons.expect_held_back(belief, origin=known.origin)
        told = np.isfinite(expected)
        counts_for = fade(known.origin - lessons.first, HALF_LIFE)
        total_bands = Bands.fit(expected[told], examples.amounts[told], counts_for=counts_for[told])
        week_bands = examples.fit_weeks(expected, counts_for)
        return cls(known, weeks, model, examples.curve, examples.weekly, week_bands, total_bands)

    def forecast(self, items: Ints) -> Forecasts:
        """Return what is expected of `items` (m,) in the weeks from the origin on, as if they were launched then."""
        near, near_launched = self.known.near(items), self.known.near_launched(items)
        if self.model is None:
            amounts = np.nan_to_num(near.average(self.known.rates(near.items)))
        else:
            amounts = self.model.expect(self.known.describe(items))
        season = season_factors(self.known.counts, origin=self.known.origin, weeks=self.weeks)[-1]
        expected = np.maximum(amounts, 1e-3)[:, None] * self._curves(near_launched) * season
        low, high = self.week_bands.around(expected)
        total_low, total_high = self.total_bands.around(expected.sum(axis=1))
        return Forecasts(items, expected, low, high, total_low, total_high, near)

    def _curves(self, near: Near) -> Reals:
        """Return (m, weeks) the share of each week: as neighbours were sold after their launch, and as all were."""
        pooled = self.curve / self.curve.sum()
        own = (near.weights[:, :, None] * self.weekly[near.items]).sum(axis=1) + POOLED * pooled
        return np.asarray(own / own.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Examples:
    """Launches with what they sold, told for the whole period at the level of sales that was before them."""

    launches: Launches
    amounts: Reals  # (n,)
    shares: Reals  # (n,) how much of the period has passed
    growth: Reals  # (n,) how all sales went in what has passed of it
    curve: Reals  # (weeks,) as of NewProducts
    weekly: Reals  # (items, weeks)

    @classmethod
    def of(cls, launches: Launches, known: Known, *, weeks: int) -> Examples:
        """Return what `launches` sold up to the origin of `known`."""
        counts, period = known.counts, 7 * weeks
        days = np.minimum(known.origin - launches.first, period)
        weekly, curve = _weekly_sales(launches, known, weeks=weeks)
        passed = _passed(days, curve)
        sold = counts.sum_between(launches.first, launches.first + days, items=launches.items)
        growth = realised_growth(counts, origins=launches.first, days=days)
        return cls(launches, sold / passed / growth, days / period, growth, curve, weekly)

    @property
    def lessons(self) -> Lessons:
        """What they teach: each counts by how much of its period has passed."""
        return Lessons(self.launches.features, self.amounts, self.launches.first, self.shares)

    def fit_weeks(self, expected: Reals, counts_for: Reals) -> Bands:
        """Return the bands of single weeks, from those that the launches have completed. NaN: nothing was expected."""
        weekly = self.weekly[self.launches.items]
        by_week = (expected * self.growth)[:, None] * self.curve / self.curve.sum()
        done = np.arange(1, weekly.shape[1] + 1) <= (self.shares * weekly.shape[1] + 1e-9)[:, None]
        done &= np.isfinite(expected)[:, None]
        return Bands.fit(
            by_week[done], weekly[done], counts_for=np.broadcast_to(counts_for[:, None], weekly.shape)[done]
        )


def _weekly_sales(launches: Launches, known: Known, *, weeks: int) -> tuple[Reals, Reals]:
    """Return (items, weeks) what each launch sold in its weeks so far, and (weeks,) the sum of those that are over."""
    counts, weekly = known.counts, np.zeros((known.counts.item_count, weeks), dtype=np.float32)
    begun = np.minimum(known.first, known.origin)
    for week in range(weeks):
        weekly[:, week] = counts.sum_between(begun + 7 * week, begun + 7 * week + 7)
    through = launches.seen(known.origin, days=7 * weeks).items
    curve = weekly[through].sum(axis=0) if len(through) > 10 else np.ones(weeks)
    return weekly, np.maximum(curve, 1e-6)


def _passed(ages: Ints, curve: Reals) -> Reals:
    """Return (n,) the share of a launch's sales that falls before each age in days."""
    reached = np.concatenate([[0.0], np.cumsum(curve)]) / curve.sum()
    return np.asarray(np.interp(ages, 7 * np.arange(len(reached)), reached))
