"""How often products are in one group: in one basket, or with one shopper. Counted block by block of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from behaviour.learners.facts import Floats, GroupLines, Ints, decay
from behaviour.learners.sparse_rows import row_numbers

MAX_GROUP = 2_000  # products: more is a crawler or a stock-take, and the work grows with the square


@dataclass(frozen=True)
class Together:
    """Weighted counts. A group of s products, a days old, counts 1 / s^p, halved every half-life."""

    by_item: sp.csr_array  # (items, groups) float32, 1 where the item is in the group
    weighted: sp.csr_array  # (groups, items) float32: the group's weight
    totals: Floats  # (items,): the sum of the weights of each item's groups
    evidence: Floats  # (items,): in how many groups each item was

    @property
    def item_count(self) -> int:
        return int(self.by_item.shape[0])

    def count(self, items: Ints) -> sp.csr_array:
        """Return (n, all items) of `items` (n,): the weight of the groups that hold both; nothing with itself."""
        counts = (self.by_item[items] @ self.weighted).tocsr()
        counts.sort_indices()
        counts.data[items[row_numbers(counts)] == counts.indices] = 0
        counts.eliminate_zeros()
        return counts


def count_together(
    lines: GroupLines, *, size_power: float = 0.0, half_life_days: float | None = None, now: float = 0.0
) -> Together:
    """Return the counts of `lines`; groups with a single product still count in `totals` and `evidence`."""
    sizes = lines.sizes
    weights = lines.weights * decay(lines.days, half_life_days=half_life_days, now=now)
    weights = weights / np.maximum(sizes, 1).astype(np.float32) ** np.float32(size_power)
    weights[sizes > MAX_GROUP] = 0
    shape = (len(lines.days), lines.item_count)
    values = weights[lines.groups]
    kept = values > 0
    groups, items, values = lines.groups[kept], lines.items[kept], values[kept]
    weighted = sp.csr_array((values, (groups, items)), shape=shape)
    ones = np.ones(len(items), dtype=np.float32)
    by_item = sp.csr_array((ones, (items, groups)), shape=shape[::-1])
    totals = np.bincount(items, weights=values, minlength=lines.item_count).astype(np.float32)
    evidence = np.bincount(items, minlength=lines.item_count).astype(np.float32)
    return Together(by_item, weighted, totals, evidence)
