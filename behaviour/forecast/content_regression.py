"""What a product's whole vector and its price say it sells: a ridge regression on what others sell."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from behaviour.forecast.neighbours import log_prices
from behaviour.forecast.sales import SOLD_DAYS, Counts, Reals
from behaviour.learners.content import Content
from behaviour.learners.facts import Ints

RIDGE = 10.0
TAUGHT_DAYS = 7  # it is taught once in so many days: a day more says little, and each costs as much as all
MAX_TAUGHT = 5_000  # products that it learns from, drawn by chance where there are more


@dataclass(frozen=True)
class ContentRegression:
    """Of one shop. What it taught at the start of each week is kept, for launches come every day."""

    counts: Counts
    content: Content
    _taught: dict[int, Reals] = field(default_factory=dict, compare=False, repr=False)

    def expect(self, items: Ints, *, origin: int) -> Reals:
        """Return (m,) log(1 + n) of the n that `items` (m,) sell in SOLD_DAYS, as known at `origin`; NaN: no vector."""
        week = origin - (origin - self.counts.start) % TAUGHT_DAYS
        if week not in self._taught:
            self._taught[week] = self._teach(week)
        known = self.content.vectors[items].any(axis=1)
        return np.where(known, self._design(items) @ self._taught[week], np.nan)

    def _teach(self, origin: int) -> Reals:
        """Return (dim + 3,) weights by the sales before `origin`."""
        taught = np.flatnonzero(self.counts.first_days() < origin - SOLD_DAYS // 2).astype(np.int32)
        if len(taught) > MAX_TAUGHT:
            taught = np.sort(np.random.default_rng(0).choice(taught, MAX_TAUGHT, replace=False))
        sold = self.counts.sum_between(origin - SOLD_DAYS, origin, items=taught)
        design = self._design(taught)
        penalty = RIDGE * np.eye(design.shape[1])
        penalty[-1, -1] = 1e-6
        return np.asarray(np.linalg.solve(design.T @ design + penalty, design.T @ np.log1p(sold)))

    def _design(self, items: Ints) -> Reals:
        price = log_prices(self.content)[items, None]
        return np.hstack([self.content.vectors[items].astype(np.float64), price, price**2, np.ones_like(price)])
