"""What products are, for learners that know nothing of the catalogue: vectors, variant groups and prices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from behaviour.learners.facts import Flags, Floats, Ints

STRIP = 64  # similarities of which the greatest stands for all at first
BLOCK_CELLS = 32_000_000  # similarities that are in memory at once: 128 MB of float32


@dataclass(frozen=True)
class Content:
    """One row for each item of the facts it belongs to."""

    vectors: Floats  # (items, dim) unit rows; zero where a product has none
    groups: Ints  # (items,) code of the variant group, -1 where it has none
    prices: Floats  # (items,), NaN where not known

    @classmethod
    def empty(cls, item_count: int) -> Content:
        """Return the content of products of which nothing is known."""
        return cls(
            np.zeros((item_count, 1), dtype=np.float32),
            np.full(item_count, -1, dtype=np.int32),
            np.full(item_count, np.nan, dtype=np.float32),
        )

    @cached_property
    def known(self) -> Flags:
        """Which items have a vector (items,)."""
        known: Flags = np.any(self.vectors != 0, axis=1)
        return known

    def cosines(self, first: Ints, second: Ints) -> Floats:
        """Return the cosine of each pair (n,), 0 where one has no vector."""
        values = np.zeros(len(first), dtype=np.float32)
        rows = BLOCK_CELLS // max(self.vectors.shape[1], 1)
        for start in range(0, len(first), rows):
            part = slice(start, start + rows)
            np.einsum("nd,nd->n", self.vectors[first[part]], self.vectors[second[part]], out=values[part])
        return values

    def nearest(self, items: Ints, k: int, *, among: Ints | None = None) -> tuple[Ints, Floats]:
        """Return the k nearest items (m, k) of each of `items` (m,), and their cosines, nearest first.

        An item is not its own neighbour. Only `among` is looked at, where it is given; a row without a vector, and
        places for which there are no more products, hold -1 with a cosine of 0.
        """
        pool = np.arange(len(self.vectors), dtype=np.int32) if among is None else np.asarray(among, dtype=np.int32)
        pool = pool[self.known[pool]]
        found = np.full((len(items), k), -1, dtype=np.int32)
        cosines = np.zeros((len(items), k), dtype=np.float32)
        if not len(pool):
            return found, cosines
        rows = max(BLOCK_CELLS // len(pool), 1)
        towards, places = self.vectors[pool].T, np.full(len(self.vectors), -1, dtype=np.int32)
        places[pool] = np.arange(len(pool), dtype=np.int32)
        for start in range(0, len(items), rows):
            block = items[start : start + rows]
            values = self.vectors[block] @ towards  # (rows, pool)
            own = np.flatnonzero(places[block] >= 0)
            values[own, places[block][own]] = -np.inf
            values[~self.known[block]] = -np.inf
            owners, columns = find_greatest(values, min(k, len(pool)))
            order = np.lexsort((pool[columns], -values[owners, columns], owners))
            owners, columns = owners[order], columns[order]
            ranks = np.arange(len(owners)) - np.searchsorted(owners, owners)
            kept = ranks < k
            owners, columns, ranks = owners[kept], columns[kept], ranks[kept]
            found[start + owners, ranks] = pool[columns]
            cosines[start + owners, ranks] = values[owners, columns]
        return found, cosines


def find_greatest(values: Floats, k: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return rows and columns of the k greatest of each row of (n, m) and of a few that may be among them; no -inf.

    Columns are folded into strips whose greatest are looked at first: the k-th of these is no greater than the k-th of
    all, and to compare with it costs a fraction of a partition.
    """
    width = max(values.shape[1] // STRIP, k)
    greatest = values[:, :width].copy()
    for start in range(width, values.shape[1] - width + 1, width):
        np.maximum(greatest, values[:, start : start + width], out=greatest)
    least = np.partition(greatest, greatest.shape[1] - k, axis=1)[:, greatest.shape[1] - k]
    rows, columns = np.nonzero(values >= np.maximum(least, np.finfo(np.float32).min)[:, None])
    return rows, columns
