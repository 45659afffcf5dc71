"""Sales in the order of products and days, with their running sum: what one sold in any days is a difference of two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from behaviour.learners.facts import Floats, Ints

NEVER = np.int32(2**30)  # the first day of a product that was never sold


@dataclass(frozen=True)
class Ledger:
    """Of n lines. A question costs what it asks about, times the logarithm of n, however long the past is."""

    keys: npt.NDArray[np.int64]  # (n,) product * span + day since `start`, ascending
    sums: npt.NDArray[np.float64]  # (n + 1,) what was sold in the lines before
    first: Ints  # (items,) the day of each product's first sale, NEVER where there is none
    start: int
    span: int  # days, and one

    @classmethod
    def of(cls, day: Ints, item: Ints, count: Floats, *, item_count: int, days: range) -> Ledger:
        """Sort lines (n,), all of which are of `days`."""
        start, span = days.start, len(days) + 1
        keys = item.astype(np.int64) * span + (day - start)
        order = np.argsort(keys, kind="stable")
        first = np.full(item_count, NEVER, dtype=np.int32)
        sold, place = np.unique(item[order], return_index=True)
        first[sold] = day[order][place]
        return cls(keys[order], np.concatenate([[0.0], np.cumsum(count[order], dtype=np.float64)]), first, start, span)

    def sum_between(self, items: Ints, start: Ints | int, stop: Ints | int) -> Floats:
        """Return what `items` (any shape) sold from `start` up to the day before `stop` (of that shape, or one day)."""
        rows = items.astype(np.int64) * self.span
        begin, end = (self._reach(rows, day) for day in (start, stop))
        return np.maximum(self.sums[end] - self.sums[begin], 0).astype(np.float32)

    def _reach(self, rows: npt.NDArray[np.int64], day: Ints | int) -> npt.NDArray[np.intp]:
        """Return how many lines are of earlier products, or of these before `day`."""
        since = np.clip(np.asarray(day, dtype=np.int64) - self.start, 0, self.span - 1)
        return np.asarray(np.searchsorted(self.keys, rows + since))
