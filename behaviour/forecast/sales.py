"""What was sold on which day, as arrays: all that forecasts know of the past. No table and no Django."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from behaviour.forecast.ledger import NEVER, Ledger
from behaviour.learners.facts import Floats, Ints

Reals = npt.NDArray[np.floating[Any]]
Measure = Literal["orders", "units"]
SOLD_DAYS = 28
MOST_USUAL = 20.0  # times the pieces of a product's middle order
FEWEST_DAYS = 5  # on which a product was sold, before anything is usual of it
LARGE = 0.95  # the share of products whose middle order is no larger than what a product of few days is thought to have


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
    whole: Counts | None = None  # of what these are the first days: what is worked out of it once is shared

    @classmethod
    def of(cls, sales: DailySales, *, measure: Measure = "orders") -> Counts:
        """Return the lines on which anything was sold."""
        count = sales.orders if measure == "orders" else tame_units(sales)
        order = np.argsort(sales.day, kind="stable")
        order = order[count[order] > 0]
        day = sales.day[order]
        start, end = (int(day[0]), int(day[-1]) + 1) if len(day) else (0, 0)
        return cls(day, sales.item[order], count[order], item_count=len(sales.skus), start=start, end=end)

    def before(self, day: int) -> Counts:
        """Return what was known at the start of that day."""
        if day >= self.end:
            return self
        stop, whole = int(np.searchsorted(self.day, day)), self.whole or self
        return Counts(self.day[:stop], self.item[:stop], self.count[:stop], self.item_count, self.start, day, whole)

    def first_days(self) -> Ints:
        """Return (items,) the day of each product's first sale; NEVER where there is none."""
        first = self.ledger.first
        return np.where(first < self.end, first, NEVER)

    def sum_between(self, start: Ints | int, stop: Ints | int, *, items: Ints | None = None) -> Floats:
        """Return what `items` (any shape; None: all) sold from `start` up to the day before `stop`, one day or many."""
        asked = np.arange(self.item_count, dtype=np.int32) if items is None else items
        return self.ledger.sum_between(asked, np.minimum(start, self.end), np.minimum(stop, self.end))

    @cached_property
    def day_totals(self) -> Reals:
        """(days,) what one product sold on each day from `start`, as `totals_by_day` has it for all products."""
        sold, selling = (self.whole or self).sold_and_selling
        length = max(self.end - self.start, 0)
        return np.asarray(_even_out(sold[:, :length], selling[:, :length])[0])

    def totals_by_day(self, groups: Ints) -> Reals:
        """Return (groups, days) what a product of each group sold on each day from `start`, told for its usual number.

        `groups` (items,) holds -1 for none. A shop that sells more because it has more products is not in season: what
        was sold is divided by how many products were, in the last SOLD_DAYS days, and multiplied by the mean of that.
        """
        return _even_out(*self._count_by_day(groups))

    @cached_property
    def ledger(self) -> Ledger:
        """The same sales by product; of the whole, for days that are not known yet are never asked for."""
        if self.whole:
            return self.whole.ledger
        days = range(self.start, self.end)
        return Ledger.of(self.day, self.item, self.count, item_count=self.item_count, days=days)

    @cached_property
    def sold_and_selling(self) -> tuple[Reals, Reals]:
        """(1, days) each: what all products sold, and how many of them did."""
        return self._count_by_day(np.zeros(self.item_count, dtype=np.int32))

    def _count_by_day(self, groups: Ints) -> tuple[Reals, Reals]:
        """Return (groups, days) what was sold, and how many products were in the last SOLD_DAYS days.

        Both are of a day and those before it: what comes later changes nothing of them.
        """
        length, count = self.end - self.start, int(groups.max(initial=-1)) + 1
        group, day = groups[self.item].astype(np.int64), self.day - self.start
        known = group >= 0
        cells = group[known] * length + day[known]
        sold = np.bincount(cells, weights=self.count[known], minlength=count * length).astype(np.float64)
        return sold.reshape(count, length), self._count_selling(groups, shape=(count, length))

    def _count_selling(self, groups: Ints, *, shape: tuple[int, int]) -> Reals:
        order = np.lexsort((self.day, self.item))
        item, day = self.item[order], self.day[order] - self.start
        until = day + SOLD_DAYS  # a product is sold from each sale on, up to the next one or for so long
        again = item[1:] == item[:-1]
        until[:-1] = np.where(again, np.minimum(until[:-1], day[1:]), until[:-1])
        known = groups[item] >= 0
        changes = np.zeros((shape[0], shape[1] + SOLD_DAYS + 1))
        np.add.at(changes, (groups[item][known], day[known]), 1)
        np.add.at(changes, (groups[item][known], until[known]), -1)
        return np.cumsum(changes, axis=1)[:, : shape[1]]


def _even_out(sold: Reals, selling: Reals) -> Reals:
    """Return (groups, days) `sold` as if as many products sold on each day as did on average."""
    first = min(SOLD_DAYS, selling.shape[1])
    selling = selling.copy()
    selling[:, :first] = selling[:, first - 1 : first]  # a shop does not begin with one product
    selling = np.maximum(selling, 1)
    return np.asarray(sold / selling * selling.mean(axis=1, keepdims=True))


def tame_units(sales: DailySales) -> Floats:
    """Return (n,) the pieces of each line, but of orders far larger than a product's usual ones so many only.

    One order of a thousand pieces does not come again each month. What is usual is the median of the days on which a
    product was sold, pieces by order. Where there are few of them it is what is a large order for the shop's others.
    """
    orders = np.maximum(sales.orders, 1)
    size = sales.units / orders
    numbers = np.bincount(sales.item, minlength=len(sales.skus))
    starts = np.cumsum(numbers) - numbers
    by_size = size[np.lexsort((size, sales.item))]
    known = numbers >= FEWEST_DAYS
    middles = by_size[(starts + numbers // 2)[known]]
    middle = np.full(len(sales.skus), np.quantile(middles, LARGE) if len(middles) else np.inf, dtype=np.float32)
    middle[known] = middles
    most = MOST_USUAL * np.maximum(middle, 1)[sales.item] * orders
    return np.minimum(sales.units, most).astype(np.float32)
