"""A product with few facts of its own borrows those of the products that are most like it.

Its weight falls as its own evidence grows: a product that was in e baskets counts e / (e + k) itself, and what it
borrows the rest (the mean of a beta-binomial with k pseudo-counts: Gelman et al., Bayesian Data Analysis, 2013, 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from behaviour.learners.content import Content
from behaviour.learners.facts import Floats, Ints
from behaviour.learners.sparse_rows import (
    first_of_rows,
    keep_best,
    mean_of_best,
    read_at,
    row_numbers,
    scale_columns,
    scale_rows,
)

NEIGHBOURS = 20
SAMPLE = 500  # rows that say how much weaker a borrowed row is than one of its own
LEAST_PRIOR = 0.02  # below it a product stands by itself
LENT = 50  # of each lender's row, the best
LENDING = 100  # recommendations of a row that lend their scores to products like them
JUST_BELOW = 0.999  # of the score that something may not reach


def own_weight(evidence: Floats, *, prior_count: float) -> Floats:
    """Return e / (e + k) for each item (n,); all 1 with k = 0 but for items without any evidence, which are 0."""
    weights: Floats = (evidence / np.maximum(evidence + prior_count, 1e-9)).astype(np.float32)
    return weights


@dataclass(frozen=True)
class Lenders:
    """The items with facts that are most like each item. Looked for once; how nearness counts is the learner's."""

    found: Ints  # (items, NEIGHBOURS), -1 where there are no more
    cosines: Floats  # (items, NEIGHBOURS)

    @classmethod
    def none(cls, item_count: int) -> Lenders:
        """Return nobody for every item: rows are then what behaviour alone makes them."""
        return cls(np.full((item_count, 1), -1, dtype=np.int32), np.zeros((item_count, 1), dtype=np.float32))

    def weigh(self, power: float) -> sp.csr_array:
        """Return (items, items): cosine^power for each lender, rows that sum to 1 or are empty."""
        count = len(self.found)
        weights = np.where(self.found >= 0, np.maximum(self.cosines, 0) ** np.float32(power), 0)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
        kept = weights > 0
        rows = np.repeat(np.arange(count), kept.sum(axis=1))
        return sp.csr_array((weights[kept].astype(np.float32), (rows, self.found[kept])), shape=(count, count))


def find_lenders(content: Content, evidence: Floats) -> Lenders:
    """Return the nearest items that have evidence (items,) above 0 of every item."""
    everyone = np.arange(len(evidence), dtype=np.int32)
    found, cosines = content.nearest(everyone, NEIGHBOURS, among=np.flatnonzero(evidence > 0).astype(np.int32))
    return Lenders(found, cosines)


@dataclass(frozen=True)
class PriorSettings:
    """How fast content gives way to facts, and how it lends."""

    prior_count: float = 10.0  # groups after which an item's own facts count as much as what it borrows
    nearness_power: float = 1.0  # of the cosine by which an item borrows
    likeness_power: float = 0.0  # of the cosine of anchor and recommendation, in what is borrowed
    recommended_count: float = 2.0  # as prior_count, of what is recommended: it enters rows by what it is like
    lent_weight: float = 1.0  # of all that is borrowed: below 1 where rows are summed, and who knows the case decides
    facts_first: bool = False  # what is only like what goes with an anchor comes after what does go with it


@dataclass(frozen=True)
class ContentPrior:
    """Rows of scores, mixed with what their items borrow, as anchors and as recommendations."""

    rows: sp.csr_array  # (items, items) scores from behaviour alone, best first in each row
    lent: sp.csr_array  # (items, items) the first of each row: what it lends
    lenders: sp.csr_array  # (items, items) rows that sum to 1
    own: Floats  # (items,) weight of an anchor's own evidence
    own_as_recommendation: Floats  # (items,) the same of what is recommended
    content: Content
    settings: PriorSettings
    ratio: float = 1.0  # by which borrowed rows are stretched

    def mix(self, start: int, stop: int, *, k: int) -> tuple[sp.csr_array, sp.csr_array]:
        """Return (stop - start, items) the k best scores of each row, and of those the part that is behaviour."""
        own = scale_rows(self.rows[start:stop], self.own[start:stop])
        needed = 1 - self.own[start:stop]
        borrowed = self.borrow(np.arange(start, stop, dtype=np.int32), k=k)
        mixed = own + scale_rows(borrowed, np.where(needed > LEAST_PRIOR, needed, 0))
        total = (scale_columns(mixed, self.own_as_recommendation) + self._lend_to_columns(mixed)).tocsr()
        total.data[total.indices == row_numbers(total) + start] = 0
        behaviour = scale_columns(own, self.own_as_recommendation)
        if self.settings.facts_first:
            total = self._hold_back(total, behaviour)
        return keep_best(total, k), behaviour

    def borrow(self, items: Ints, *, k: int) -> sp.csr_array:
        """Return (items, all items): the rows that these items would have without any facts of their own."""
        borrowed = keep_best((self.lenders[items] @ self.lent).tocsr(), 2 * k)
        anchors = items[row_numbers(borrowed)]
        borrowed.data[anchors == borrowed.indices] = 0
        if self.settings.likeness_power:
            likeness = np.maximum(self.content.cosines(anchors, borrowed.indices), 0)
            borrowed.data = borrowed.data * likeness ** np.float32(self.settings.likeness_power)
        borrowed.data = (borrowed.data * np.float32(self.ratio)).astype(np.float32)
        return keep_best(borrowed, k)

    def _lend_to_columns(self, mixed: sp.csr_array) -> sp.csr_array:
        """Return what items with few facts get as recommendations: the scores of their lenders in each row."""
        needed = 1 - self.own_as_recommendation
        borrowers = np.flatnonzero(needed > LEAST_PRIOR)
        lending = scale_rows(self.lenders[borrowers], needed[borrowers]).T.tocsr()  # (items, borrowers)
        lent = (keep_best(mixed, LENDING) @ lending).tocsr() * np.float32(self.settings.lent_weight)
        return sp.csr_array((lent.data, borrowers[lent.indices], lent.indptr), shape=mixed.shape)

    def _hold_back(self, total: sp.csr_array, behaviour: sp.csr_array) -> sp.csr_array:
        """Return the rows with what content alone brings held below what was with the anchor, if anything was.

        A product that has facts was not with this anchor though it could have been: it comes last. One without any may
        not come first.
        """
        rows, has_facts = row_numbers(total), read_at(behaviour, total) > 0
        known = (self.own_as_recommendation > 0)[total.indices]
        least = np.full(total.shape[0], np.inf, dtype=np.float32)
        np.minimum.at(least, rows[has_facts], total.data[has_facts])
        most = np.zeros_like(least)
        np.maximum.at(most, rows[has_facts], total.data[has_facts])
        most[most == 0] = np.inf  # nothing was with it
        for held, limits in ((~has_facts & known, least), (~has_facts & ~known, most)):
            greatest = np.full_like(least, 1e-30)
            np.maximum.at(greatest, rows[held], total.data[held])
            total.data[held] *= np.minimum(limits * JUST_BELOW / greatest, 1)[rows[held]]
        return total


def make_prior(
    rows: sp.csr_array, lenders: sp.csr_array, evidence: Floats, *, content: Content, settings: PriorSettings
) -> ContentPrior:
    """Return the prior: borrowed rows are stretched so that on average their best is as good as an own row's best."""
    lends = bool(lenders.nnz)
    own = own_weight(evidence, prior_count=settings.prior_count) if lends else np.ones_like(evidence)
    recommended = own_weight(evidence, prior_count=settings.recommended_count) if lends else np.ones_like(evidence)
    recommended[recommended >= 1 - LEAST_PRIOR] = 1
    prior = ContentPrior(rows, first_of_rows(rows, LENT), lenders, own, recommended, content, settings)
    with_rows = np.flatnonzero(np.diff(rows.indptr) > 0)
    if not len(with_rows) or not lends:
        return prior
    sample = with_rows[np.linspace(0, len(with_rows) - 1, min(SAMPLE, len(with_rows))).astype(int)].astype(np.int32)
    borrowed = mean_of_best(prior.borrow(sample, k=10))
    stretch = mean_of_best(rows[sample]) / borrowed if borrowed else 1.0
    return replace(prior, ratio=stretch * settings.lent_weight)
