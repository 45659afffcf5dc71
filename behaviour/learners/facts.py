"""What happened, as arrays: one line for each product of an order, a page view or the like. Pure NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Days = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NOBODY = -1  # the number of a user or a basket that is not known


@dataclass(frozen=True)
class Facts:
    """n lines in any order. Items, users and baskets are numbers from 0; `skus` and `user_keys` say whose."""

    items: Ints  # (n,)
    users: Ints  # (n,), NOBODY where not known: a guest is never one person
    baskets: Ints  # (n,): the order, else a user's or session's day; NOBODY where neither is known
    days: Days  # (n,) since 1970
    quantity: Floats  # (n,)
    price: Floats  # (n,) of one piece, NaN where not known
    skus: tuple[str, ...]
    user_keys: tuple[Hashable, ...]
    basket_names: tuple[str, ...] = ()  # of each basket, where they were asked for

    @property
    def item_count(self) -> int:
        return len(self.skus)

    @property
    def user_count(self) -> int:
        return len(self.user_keys)

    @property
    def basket_count(self) -> int:
        return int(self.baskets.max(initial=NOBODY)) + 1

    @property
    def last_day(self) -> float:
        """When the last line happened: "now" for everything that is learned, so that old facts give the same again."""
        return float(self.days.max(initial=0.0))

    def __len__(self) -> int:
        return len(self.items)

    def keep(self, lines: Flags) -> Facts:
        """Return the facts of these lines (n,), with the same numbers."""
        parts = ("items", "users", "baskets", "days", "quantity", "price")
        return replace(self, **{name: getattr(self, name)[lines] for name in parts})

    def number_by(self, skus: Sequence[str]) -> Facts:
        """Return the facts with products numbered by their place in `skus`; lines of other products are left out."""
        places = {sku: place for place, sku in enumerate(skus)}
        numbers = np.fromiter((places.get(sku, -1) for sku in self.skus), dtype=np.int32, count=len(self.skus))
        known = numbers[self.items] >= 0
        kept = self.keep(known)
        return replace(kept, items=numbers[kept.items], skus=tuple(skus))

    def basket_lines(self) -> GroupLines:
        """Return each product of each basket once. Kept: a trial of settings would sort a million lines each time."""
        return self._basket_lines

    @cached_property
    def _basket_lines(self) -> GroupLines:
        return gather_lines(self.baskets, self.items, self.days, item_count=self.item_count)

    def shopper_lines(self) -> GroupLines:
        """Return each product once of each shopper: of a user over all time, of a guest in one basket."""
        shoppers = np.where(self.users >= 0, self.users, NOBODY)
        guests = (self.users < 0) & (self.baskets >= 0)
        shoppers = np.where(guests, self.user_count + self.baskets, shoppers)
        return gather_lines(shoppers, self.items, self.days, item_count=self.item_count)

    def history(self, *, half_life_days: float | None = None, now: float | None = None) -> sp.csr_array:
        """Return (users, items) float32: in how many baskets each user had each item, halved every `half_life_days`.

        A line without a basket is one of its own. Without a half-life every basket counts 1.
        """
        known = self.users >= 0
        users, items, days = self.users[known], self.items[known], self.days[known]
        baskets = np.where(self.baskets[known] >= 0, self.baskets[known], -2 - np.flatnonzero(known))
        order = np.lexsort((items, baskets))
        users, items, days, baskets = users[order], items[order], days[order], baskets[order]
        first = np.ones(len(items), dtype=bool)
        first[1:] = (items[1:] != items[:-1]) | (baskets[1:] != baskets[:-1])
        weights = decay(days[first], half_life_days=half_life_days, now=self.last_day if now is None else now)
        matrix = sp.csr_array((weights, (users[first], items[first])), shape=(self.user_count, self.item_count))
        matrix.sum_duplicates()
        return matrix


@dataclass(frozen=True)
class GroupLines:
    """Products that belong together, because they were in one basket or with one shopper: each once a group."""

    groups: Ints  # (m,), ascending, from 0 without a gap
    items: Ints  # (m,)
    days: Days  # (groups,) of the last line of each
    weights: Floats  # (groups,) what each counts, before it ages
    item_count: int

    @property
    def sizes(self) -> Ints:
        return np.bincount(self.groups, minlength=len(self.days)).astype(np.int32)

    def join(self, others: GroupLines, *, weight: float) -> GroupLines:
        """Return these groups and, after them, the others, each of which counts `weight` of its own."""
        return GroupLines(
            np.concatenate((self.groups, others.groups + np.int32(len(self.days)))),
            np.concatenate((self.items, others.items)),
            np.concatenate((self.days, others.days)),
            np.concatenate((self.weights, others.weights * np.float32(weight))),
            self.item_count,
        )


def gather_lines(groups: Ints, items: Ints, days: Days, *, item_count: int) -> GroupLines:
    """Return each item (n,) of each group (n,) once; lines of group NOBODY belong to none."""
    known = groups >= 0
    names, numbers = np.unique(groups[known], return_inverse=True)
    pairs = np.unique(numbers.astype(np.int64) * max(item_count, 1) + items[known])
    last = np.zeros(len(names))
    np.maximum.at(last, numbers, days[known])
    places, kept = np.divmod(pairs, max(item_count, 1))
    weights = np.ones(len(names), dtype=np.float32)
    return GroupLines(places.astype(np.int32), kept.astype(np.int32), last, weights, item_count)


def decay(days: Days, *, half_life_days: float | None, now: float) -> Floats:
    """Return 2^(-age / half-life) for each day (n,), 1 for all without a half-life."""
    if half_life_days is None:
        return np.ones(len(days), dtype=np.float32)
    weights: Floats = np.exp2(-np.maximum(now - days, 0.0) / half_life_days).astype(np.float32)
    return weights
