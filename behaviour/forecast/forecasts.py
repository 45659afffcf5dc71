"""What is expected of a number of products, week by week and in all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviour.forecast.neighbours import Near
from behaviour.forecast.sales import Reals
from behaviour.learners.facts import Ints


@dataclass(frozen=True)
class Forecasts:
    """Of m products over so many weeks; the weeks of each add up to its total."""

    items: Ints  # (m,)
    expected: Reals  # (m, weeks)
    low: Reals  # (m, weeks)
    high: Reals  # (m, weeks)
    total_low: Reals  # (m,)
    total_high: Reals  # (m,)
    near: Near | None = None  # whom it was learned from, where it was

    @property
    def total(self) -> Reals:
        """(m,) what is expected in all weeks together."""
        totals: Reals = self.expected.sum(axis=1)
        return totals

    def holds(self, outcome: Reals) -> Reals:
        """Return (m,) whether each `outcome` (m,) lies in the band of the total."""
        return np.asarray((outcome >= self.total_low) & (outcome <= self.total_high))
