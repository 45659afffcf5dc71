"""What was sold on which day, as arrays: all that forecasts know of the past. No table and no Django."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from behaviour.learners.facts import Flags, Floats, Ints

Reals = npt.NDArray[np.floating[Any]]
Measure = Literal["orders", "units"]
SOLD_DAYS = 28
NEVER = np.int32(2**30)  # the first day of a product that was never sold


@dataclass(frozen=True)
class DailySales:
    """n lines, one for each product and day on which it was sold, in any order. Days count from 1970-01-01."""

    day: Ints  # (n,)
    item: Ints  # (n,) number of the product: its place in `skus`
    orders: Floats  # (n,) in how many orders it was
    units: Floats  # (n,) how many pieces were sold
    skus: tuple[str, ...]


@dataclass(frozen=True)
class Counts:
    """Of one measure, what was sold before `end`; lines are in the order of their days."""

    day: Ints  # (n,)
    item: Ints  # (n,)
    count: Floats  # (n,)
    item_count: int
    start: int  # the first day of all
    end: int  # the day after the last one

    @classmethod
    def of(cls, sales: DailySales, *, measure: Measure = "orders") -> Counts:
        """Return the lines on which anything was sold."""
        count = sales.orders if measure == "orders" else sales.units
        order = np.argsort(sales.day, kind="stable")
        order = order[count[order] > 0]
        day = sales.day[order]
        start, end = (int(day[0]), int(day[-1]) + 1) if len(day) else (0, 0)
        return cls(day, sales.item[order], count[order], item_count=len(sales.skus), start=start, end=end)

    def before(self, day: int) -> Counts:
        """Return what was known at the start of that day."""
        if day >= self.end:
            return self
        stop = int(np.searchsorted(self.day, day))
        return Counts(self.day[:stop], self.item[:stop], self.count[:stop], self.item_count, self.start, day)

    def first_days(self) -> Ints:
        """Return (items,) the day of each product's first sale; NEVER where there is none."""
        first = np.full(self.item_count, NEVER, dtype=np.int32)
        np.minimum.at(first, self.item, self.day)
        return first

    def sum_between(self, start: Ints | int, stop: Ints | int) -> Floats:
        """Return (items,) what was sold from `start` up to the day before `stop`, the same for all or one of each."""
        begin, end = np.broadcast_to(start, self.item_count), np.broadcast_to(stop, self.item_count)
        low = int(np.searchsorted(self.day, int(begin.min()))) if self.item_count else 0
        high = int(np.searchsorted(self.day, int(end.max()))) if self.item_count else 0
        day, item = self.day[low:high], self.item[low:high]
        within: Flags = (day >= begin[item]) & (day < end[item])
        summed = np.bincount(item[within], weights=self.count[low:high][within], minlength=self.item_count)
        return summed.astype(np.float32)

    @cached_property
    def day_totals(self) -> Reals:
        """(days,) what one product sold on each day from `start`, as `totals_by_day` has it for all products."""
        return np.asarray(self.totals_by_day(np.zeros(self.item_count, dtype=np.int32))[0])

    def totals_by_day(self, groups: Ints) -> Reals:
        """Return (groups, days) what a product of each group sold on each day from `start`, told for its usual number.

        `groups` (items,) holds -1 for none. A shop that sells more because it has more products is not in season: what
        was sold is divided by how many products were, in the last SOLD_DAYS days, and multiplied by the mean of that.
        """
        length, count = self.end - self.start, int(groups.max(initial=-1)) + 1
        group, day = groups[self.item].astype(np.int64), self.day - self.start
        known = group >= 0
        cells = group[known] * length + day[known]
        sold = np.bincount(cells, weights=self.count[known], minlength=count * length).reshape(count, length)
        selling = self._count_selling(groups, shape=(count, length))
        return np.asarray(sold / selling * selling.mean(axis=1, keepdims=True))

    def _count_selling(self, groups: Ints, *, shape: tuple[int, int]) -> Reals:
        """Return (groups, days) how many products were sold in the last SOLD_DAYS days, at least 1."""
        order = np.lexsort((self.day, self.item))
        item, day = self.item[order], self.day[order] - self.start
        until = day + SOLD_DAYS  # a product is sold from each sale on, up to the next one or for so long
        again = item[1:] == item[:-1]
        until[:-1] = np.where(again, np.minimum(until[:-1], day[1:]), until[:-1])
        known = groups[item] >= 0
        changes = np.zeros((shape[0], shape[1] + SOLD_DAYS + 1))
        np.add.at(changes, (groups[item][known], day[known]), 1)
        np.add.at(changes, (groups[item][known], until[known]), -1)
        selling = np.cumsum(changes, axis=1)[:, : shape[1]]
        first = min(SOLD_DAYS, shape[1])
        selling[:, :first] = selling[:, first - 1 : first]  # a shop does not begin with one product
        return np.maximum(selling, 1)
