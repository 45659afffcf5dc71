"""A shop's past as forecasts look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from behaviour.forecast.sales import Counts, Reals
from behaviour.learners.content import Content
from behaviour.learners.facts import Ints

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Past:
    """All that happened, to be seen piece by piece."""

    counts: Counts
    content: Content
    categories: Ints  # (items,) -1 for none
    weeks: int

    def sold(self, items: Ints, *, since: Ints | int) -> Reals:
        """Return (m,) what `items` sold in the weeks from `since` (items,)."""
        begun = np.minimum(since, self.counts.end)
        return self.counts.sum_between(begun, begun + 7 * self.weeks)[items]

    @property
    def groups(self) -> Ints | None:
        """The categories, None where no product has one."""
        return self.categories if self.categories.max(initial=-1) >= 0 else None
