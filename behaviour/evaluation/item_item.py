"""Item-item methods as baselines: how alike two products are by who, or which basket, has both.

Counted a block of products at a time, of each the nearest: memory grows with the shop, and not with its pairs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from behaviour.learners.facts import Ints
from behaviour.learners.item_rows import BLOCK_ROWS
from behaviour.learners.sparse_rows import keep_best, row_numbers
from behaviour.learners.together import Together

NEIGHBOURS = 200
SHRINK = 20.0  # of cosines
MAX_PAIRS = 5_000_000_000  # of products that are in one group: a few minutes of counting


def count_pairs(by_item: sp.csr_array) -> int:
    """Return how many pairs `by_item` (items, groups) has to be counted for: one large group may have most of them."""
    sizes = np.bincount(by_item.indices, minlength=by_item.shape[1]).astype(np.int64)
    return int((sizes * sizes).sum())


def keep_nearest(likeness: Callable[[Ints], sp.csr_array], *, item_count: int, neighbours: int) -> sp.csr_array:
    """Return (items, items): in the column of each item those most like it; ties by smaller row.

    `likeness` gives the rows (n, items) of some items, and is the same both ways. It is the item to be recommended that
    keeps its nearest: the best of each row would be popular items nearly everywhere, and a third of what such methods
    find would be lost.
    """
    blocks = [
        keep_best(likeness(np.arange(start, min(start + BLOCK_ROWS, item_count), dtype=np.int32)), neighbours)
        for start in range(0, item_count, BLOCK_ROWS)
    ]
    if not blocks:
        return sp.csr_array((0, 0), dtype=np.float32)
    nearest = sp.vstack(blocks, format="csr").T.tocsr()
    nearest.sort_indices()
    return nearest


def cosine_rows(together: Together, *, neighbours: int = NEIGHBOURS) -> sp.csr_array:
    """Return shrunk cosines, C_ab / (sqrt(n_a n_b) + shrink): Sarwar et al. (2001), Dacrema et al. (2019).

    An item is its own neighbour beside them.
    """
    roots = np.sqrt(together.totals)

    def measure(items: Ints) -> sp.csr_array:
        counts = together.count(items)
        products = roots[items[row_numbers(counts)]] * roots[counts.indices]
        counts.data = (counts.data / (products + SHRINK)).astype(np.float32)
        return counts

    own = sp.diags_array((together.totals / (together.totals + SHRINK)).astype(np.float32))
    return (keep_nearest(measure, item_count=together.item_count, neighbours=neighbours) + own).tocsr()


def bm25_rows(by_item: sp.csr_array, *, neighbours: int = NEIGHBOURS) -> sp.csr_array:
    """Return how alike items are whose groups are weighted as words are in texts: Robertson and Zaragoza (2009).

    `by_item` (items, groups) says how often each item is in each group. An item is its own neighbour too.
    """
    from implicit.nearest_neighbours import bm25_weight  # it loads libraries that only this evaluation needs

    if not by_item.nnz:
        return sp.csr_array((by_item.shape[0],) * 2, dtype=np.float32)
    weighted = sp.csr_array(bm25_weight(sp.csr_matrix(by_item), K1=1.2, B=0.75))
    by_group = weighted.T.tocsr()

    def measure(items: Ints) -> sp.csr_array:
        return (weighted[items] @ by_group).tocsr()

    return keep_nearest(measure, item_count=by_item.shape[0], neighbours=neighbours)


def without_own(rows: sp.csr_array) -> sp.csr_array:
    """Return the rows without what each item has in common with itself."""
    others = rows.copy()
    others.data[row_numbers(others) == others.indices] = 0
    others.eliminate_zeros()
    return others
