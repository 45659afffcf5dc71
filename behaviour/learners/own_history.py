"""What a user bought before and will buy again."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from behaviour.learners.facts import Facts, Floats
from behaviour.learners.sparse_rows import scale_columns, scale_to_best

PRIOR_BUYERS = 5.0  # that are thought to have bought each item again as often as any item


def measure_reorders(facts: Facts) -> Floats:
    """Return (items,): how often a buyer of each item bought it once more, shrunk to the mean of all items."""
    history = facts.history()
    baskets = np.asarray(history.sum(axis=0)).ravel()
    buyers = np.bincount(history.indices, minlength=facts.item_count)
    again = baskets - buyers
    mean = again.sum() / max(buyers.sum(), 1)
    rates: Floats = ((again + PRIOR_BUYERS * mean) / (buyers + PRIOR_BUYERS)).astype(np.float32)
    return rates


def score_again(facts: Facts, *, half_life_days: float, reorder_power: float) -> sp.csr_array:
    """Return (users, items): how often each user bought each item, the older the less, times its reorder rate^power.

    A tin of cat food is bought again, a cat is not. Li et al., "A Next Basket Recommendation Reality Check" (2023):
    own frequency is what any method has to beat where people repeat themselves.
    """
    history = facts.history(half_life_days=half_life_days)
    return scale_columns(history, measure_reorders(facts) ** np.float32(reorder_power))


def pool_everything(again: sp.csr_array, personal: sp.csr_array, *, own_share: float) -> sp.csr_array:
    """Return (users, items): own history and what it says of other items, each scaled to its best, as weighted mean."""
    return (own_share * scale_to_best(again) + (1 - own_share) * scale_to_best(personal)).tocsr()
