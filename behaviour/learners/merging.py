"""The rows of several anchors as one list: summed as they are served, so that what is judged is what is shown."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from behaviour.learners.facts import Ints
from behaviour.learners.sparse_rows import first_of_rows

SUMMED_ROWS = 2_000  # neighbours that are summed up for a list: of many products the best of each, of ten all


def count_summed(anchors: int) -> int:
    """Return how many of each anchor's neighbours count in a list for so many of them."""
    return SUMMED_ROWS // max(anchors, 1)


def merge_rows(asked: sp.csr_array, rows: sp.csr_array) -> sp.csr_array:
    """Return (q, items): the sums of the rows of the items that each row of `asked` (q, items) holds.

    `rows` (items, items) have their best first.
    """
    each = np.array([count_summed(int(count)) for count in np.diff(asked.indptr)], dtype=np.int64)
    each = np.minimum(each, np.diff(rows.indptr).max(initial=0))
    lengths = np.unique(each)
    places = [np.flatnonzero(each == length) for length in lengths]
    if not places:
        return sp.csr_array(asked.shape, dtype=np.float32)
    parts = [asked[chosen] @ first_of_rows(rows, int(k)) for k, chosen in zip(lengths, places, strict=True)]
    return sp.vstack(parts, format="csr")[np.argsort(np.concatenate(places))]


def add_variants(asked: sp.csr_array, groups: Ints) -> sp.csr_array:
    """Return (q, items), above 0 where an item is asked about, or is a variant of one that is: no list shows those."""
    grouped = np.flatnonzero(groups >= 0)
    shape = (len(groups), int(groups.max(initial=-1)) + 1)
    members = sp.csr_array((np.ones(len(grouped), dtype=np.float32), (grouped, groups[grouped])), shape=shape)
    return (asked + (asked @ members) @ members.T).tocsr()
