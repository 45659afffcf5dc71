"""What is known of a product before its first sale: its price, what its neighbours sell and sold at their launch.

Everything is computed from the sales before a day, the origin: what a launch is described by is what was known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from behaviour.forecast.content_regression import ContentRegression
from behaviour.forecast.neighbours import Near, find_circles, find_near, log_prices
from behaviour.forecast.sales import SOLD_DAYS, Counts, Reals
from behaviour.learners.content import Content
from behaviour.learners.facts import Ints

NEW_AFTER_DAYS = 30  # what is sold in a shop's first days was there before
FEATURES = 7
NEIGHBOURS, AROUND, FAR_AROUND = 20, 60, 150  # the nearest, and two wider circles
LAUNCHED_NEIGHBOURS, LAUNCHED_AROUND = 10, 30
MIN_AGE = 7  # days before a launch says anything


@dataclass(frozen=True)
class Known:
    """Everything that was known at the start of the day `origin`. Amounts are told for `period` days."""

    counts: Counts  # of days before the origin alone
    content: Content
    origin: int
    period: int
    regression: ContentRegression

    @classmethod
    def at(
        cls, origin: int, *, counts: Counts, content: Content, period: int, regression: ContentRegression | None = None
    ) -> Known:
        """Return what was known then. Whoever asks for many origins gives them one `regression` to share."""
        return cls(counts.before(origin), content, origin, period, regression or ContentRegression(counts, content))

    @cached_property
    def first(self) -> Ints:
        return self.counts.first_days()

    @cached_property
    def sold(self) -> Ints:
        """Numbers of the products that were sold already."""
        return np.flatnonzero(self.first < self.origin).astype(np.int32)

    @cached_property
    def launched(self) -> Ints:
        """Numbers of the products that were launched since the shop began, and have been sold for a week."""
        begun = (self.first >= self.counts.start + NEW_AFTER_DAYS) & (self.first <= self.origin - MIN_AGE)
        return np.flatnonzero(begun).astype(np.int32)

    def rates(self, items: Ints) -> Reals:
        """Return what each of `items` (any shape) sold lately, or since its first sale."""
        window = max(self.period, SOLD_DAYS)
        days = np.clip(self.origin - self.first[items], 1, window)
        return self.counts.sum_between(self.origin - window, self.origin, items=items) * (self.period / days)

    def peaks(self, items: Ints) -> Reals:
        """Return the most that each of `items` (any shape) ever sold in SOLD_DAYS: its own season, if it had one."""
        best = np.zeros(items.shape, dtype=np.float32)
        for stop in range(self.origin, self.counts.start + SOLD_DAYS, -SOLD_DAYS):
            best = np.maximum(best, self.counts.sum_between(stop - SOLD_DAYS, stop, items=items))
        return best * (self.period / SOLD_DAYS)

    def launches(self, items: Ints) -> Reals:
        """Return what each of `items` (any shape) sold in the `period` from its first sale, or in what there was."""
        first = self.first[items]
        days, begun = np.clip(self.origin - first, 1, self.period), np.minimum(first, self.origin)
        return self.counts.sum_between(begun, begun + days, items=items) * (self.period / days)

    def near(self, items: Ints) -> Near:
        """Return the neighbours of `items` (m,) among what is sold."""
        return find_near(items, self.content, among=self.sold, k=NEIGHBOURS)

    def near_launched(self, items: Ints) -> Near:
        """Return the neighbours of `items` (m,) among what was launched earlier."""
        return find_near(items, self.content, among=self.launched, k=LAUNCHED_NEIGHBOURS)

    def describe(self, items: Ints) -> Reals:
        """Return (m, FEATURES) features of `items` (m,), logarithms all; NaN where nothing is known.

        Of the wide circles it is the mean of logarithms, which one neighbour that sells a lot does not carry away.
        """
        near, around, far = find_circles(items, self.content, among=self.sold, sizes=(NEIGHBOURS, AROUND, FAR_AROUND))
        launched, launched_around = find_circles(
            items, self.content, among=self.launched, sizes=(LAUNCHED_NEIGHBOURS, LAUNCHED_AROUND)
        )
        return np.column_stack(
            [
                around.average(np.log1p(self.rates(around.items))),
                np.log1p(near.average(self.peaks(near.items))),
                far.average(np.log1p(self.peaks(far.items))),
                np.log1p(launched.average(self.launches(launched.items))),
                launched_around.average(np.log1p(self.launches(launched_around.items))),
                self.regression.expect(items, origin=self.origin),
                log_prices(self.content)[items],
            ]
        )
