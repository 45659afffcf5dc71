"""What products are, for learners that know nothing of the catalogue: vectors, variant groups and prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviour.learners.facts import Flags, Floats, Ints

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

    @property
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
        towards = self.vectors[pool].T
        for start in range(0, len(items), rows):
            block = items[start : start + rows]
            chosen, values = self._nearest_in_block(block, towards, pool=pool, k=k)
            found[start : start + rows, : chosen.shape[1]] = chosen
            cosines[start : start + rows, : chosen.shape[1]] = values
        return found, cosines

    def _nearest_in_block(self, block: Ints, towards: Floats, *, pool: Ints, k: int) -> tuple[Ints, Floats]:
        values = self.vectors[block] @ towards  # (rows, pool)
        values[pool[None, :] == block[:, None]] = -np.inf
        values[~self.known[block]] = -np.inf
        kept = min(k, len(pool))
        places = np.argpartition(values, len(pool) - kept, axis=1)[:, len(pool) - kept :]
        best = np.take_along_axis(values, places, axis=1)
        order = np.lexsort((pool[places], -best), axis=1)
        places, best = np.take_along_axis(places, order, axis=1), np.take_along_axis(best, order, axis=1)
        gone = np.isneginf(best)
        return np.where(gone, -1, pool[places]).astype(np.int32), np.where(gone, 0, best).astype(np.float32)
