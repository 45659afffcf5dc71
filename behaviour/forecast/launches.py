"""What is known of a product before its first sale: its price, what its neighbours sell and sold at their launch.

Everything is computed from the sales before a day, the origin: what a launch is described by is what was known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from behaviour.forecast.neighbours import Near, find_near, log_prices
from behaviour.forecast.sales import Counts, Reals
from behaviour.learners.content import Content
from behaviour.learners.facts import Ints

NEW_AFTER_DAYS = 30  # what is sold in a shop's first days was there before
FEATURES = 5
BLOCK = 28  # days of a peak, and of what sells now
NEIGHBOURS, LAUNCHED_NEIGHBOURS = 20, 10
MIN_AGE = 7  # days before a launch says anything
RIDGE = 10.0
MAX_TAUGHT = 20_000  # products that the whole vector's regression learns from: the ones that sell most recently


@dataclass(frozen=True)
class Known:
    """Everything that was known at the start of the day `origin`. Amounts are told for `period` days."""

    counts: Counts  # of days before the origin alone
    content: Content
    origin: int
    period: int

    @classmethod
    def at(cls, origin: int, *, counts: Counts, content: Content, period: int) -> Known:
        return cls(counts.before(origin), content, origin, period)

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

    @cached_property
    def rates(self) -> Reals:
        """(items,) what each sold lately, or since its first sale."""
        window = max(self.period, BLOCK)
        days = np.clip(self.origin - self.first, 1, window)
        return self.counts.sum_between(self.origin - window, self.origin) * (self.period / days)

    @cached_property
    def peaks(self) -> Reals:
        """(items,) the most that each ever sold in BLOCK days: its own season, if it had one."""
        best = np.zeros(self.counts.item_count, dtype=np.float32)
        for stop in range(self.origin, self.counts.start + BLOCK, -BLOCK):
            best = np.maximum(best, self.counts.sum_between(stop - BLOCK, stop))
        return best * (self.period / BLOCK)

    @cached_property
    def launches(self) -> Reals:
        """(items,) what each sold in the `period` from its first sale, or in as much of it as there was."""
        days = np.clip(self.origin - self.first, 1, self.period)
        begun = np.minimum(self.first, self.origin)
        return self.counts.sum_between(begun, begun + days) * (self.period / days)

    @cached_property
    def taught(self) -> Reals:
        """(dim + 3,) ridge regression of the last BLOCK days' sales, as log(1 + n), on vector and price."""
        learned_from = self.sold[self.first[self.sold] < self.origin - BLOCK // 2]
        recent = self.counts.sum_between(self.origin - BLOCK, self.origin)
        learned_from = learned_from[np.argsort(-recent[learned_from], kind="stable")[:MAX_TAUGHT]]
        design = self._design(learned_from)
        penalty = RIDGE * np.eye(design.shape[1])
        penalty[-1, -1] = 1e-6
        return np.linalg.solve(design.T @ design + penalty, design.T @ np.log1p(recent[learned_from]))

    def _design(self, items: Ints) -> Reals:
        price = log_prices(self.content)[items, None]
        return np.hstack([self.content.vectors[items].astype(np.float64), price, price**2, np.ones_like(price)])

    def near(self, items: Ints) -> Near:
        """Return the neighbours of `items` (m,) among what is sold."""
        return find_near(items, self.content, among=self.sold, k=NEIGHBOURS)

    def near_launched(self, items: Ints) -> Near:
        """Return the neighbours of `items` (m,) among what was launched earlier."""
        return find_near(items, self.content, among=self.launched, k=LAUNCHED_NEIGHBOURS)

    def describe(self, items: Ints) -> Reals:
        """Return (m, FEATURES) features of `items` (m,), logarithms all; NaN where nothing is known."""
        near, launched = self.near(items), self.near_launched(items)
        whole = np.where(self.content.vectors[items].any(axis=1), self._design(items) @ self.taught, np.nan)
        return np.column_stack(
            [
                np.log1p(near.mean(self.rates)),
                np.log1p(near.mean(self.peaks)),
                np.log1p(launched.mean(self.launches)),
                whole,
                log_prices(self.content)[items],
            ]
        )
