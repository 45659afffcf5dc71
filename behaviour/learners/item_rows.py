"""For each item the others that go with it: the one way from counts to rows, whatever is counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from behaviour.learners.content import Content
from behaviour.learners.content_prior import ContentPrior, Lenders, PriorSettings, make_prior
from behaviour.learners.ease import Ease
from behaviour.learners.facts import Floats, Ints
from behaviour.learners.sparse_rows import keep_best, read_at, row_numbers, scale_columns
from behaviour.learners.together import Together

Row = tuple[int, Ints, Floats, Floats]  # of an item or a user: items, scores (descending, above 0), shares of behaviour

BLOCK_ROWS = 512  # items whose counts with all others are in memory at once
# More alike than two colours of one design as a rule are (0.96 at most in the demo catalogue): not a complement.
TOO_ALIKE = 0.95


@dataclass(frozen=True)
class RowSettings:
    """How counts become scores: EASE^s * (P(b|a) / P(b)^a)^(1-s)."""

    popularity_power: float = 0.0
    ease_share: float = 0.0  # s: 0 conditional probability alone, 1 EASE alone
    sharpness: float = 1.0  # power of the score: above 1, one strong tie outweighs many weak ones of other anchors
    prior: PriorSettings = field(default_factory=PriorSettings)
    complements_only: bool = False  # never a variant or a near-duplicate of the anchor
    length: int = 100  # items kept of each row


@dataclass(frozen=True)
class ItemRows:
    """What `learn_rows` learned; rows are mixed with content when they are asked for."""

    prior: ContentPrior
    settings: RowSettings

    def block(self, start: int, stop: int) -> tuple[sp.csr_array, sp.csr_array]:
        """Return (stop - start, items): scores, best first in each row, and how much of each is behaviour (0..1)."""
        total, behaviour = self.prior.mix(start, stop, k=self.settings.length)
        total = self._leave_out_alike(total, np.arange(start, stop, dtype=np.int32))
        shares = total.copy()
        shares.data = np.clip(read_at(behaviour, total) / np.maximum(total.data, 1e-30), 0, 1).astype(np.float32)
        return self._sharpen(total), shares

    @cached_property
    def whole(self) -> tuple[sp.csr_array, sp.csr_array]:
        """Return (items, items): all blocks at once, scores and shares."""
        count = self.prior.rows.shape[0]
        blocks = [self.block(start, min(start + BLOCK_ROWS, count)) for start in range(0, count, BLOCK_ROWS)]
        if not blocks:
            return sp.csr_array((0, 0), dtype=np.float32), sp.csr_array((0, 0), dtype=np.float32)
        return sp.vstack([scores for scores, _ in blocks], format="csr"), sp.vstack(
            [shares for _, shares in blocks], format="csr"
        )

    def borrow(self, items: Ints) -> sp.csr_array:
        """Return (items, all items): the rows of items that have no facts of their own, or as if they had none."""
        borrowed = self.prior.borrow(items, k=self.settings.length)
        return self._sharpen(self._leave_out_alike(borrowed, items))

    def rows(self, start: int, stop: int) -> list[Row]:
        """Return the rows of the items from `start` that have any."""
        scores, shares = self.block(start, min(stop, self.prior.rows.shape[0]))
        return split_rows(scores, shares.data, first=start)

    def _sharpen(self, rows: sp.csr_array) -> sp.csr_array:
        rows.data = (rows.data**self.settings.sharpness).astype(np.float32)
        return rows

    def _leave_out_alike(self, rows: sp.csr_array, items: Ints) -> sp.csr_array:
        if not self.settings.complements_only:
            return rows
        return drop_alike(rows, items[row_numbers(rows)], content=self.prior.content)


def learn_rows(
    together: Together,
    *,
    settings: RowSettings,
    content: Content,
    lenders: Lenders,
    ease: Ease | None = None,
    boosts: Floats | None = None,
) -> ItemRows:
    """Score every pair that was together, keep the best of each row, and have content ready for those with few.

    `boosts` (items,) multiply what is recommended. Memory: 8 bytes * length for each item, and one block of counts.
    """
    blocks = []
    for start in range(0, together.item_count, BLOCK_ROWS):
        items = np.arange(start, min(start + BLOCK_ROWS, together.item_count), dtype=np.int32)
        block = score_counts(together, together.count(items), items, settings=settings, ease=ease)
        blocks.append(keep_best_rows(block, items, settings=settings, content=content, boosts=boosts))
    rows = sp.vstack(blocks, format="csr") if blocks else sp.csr_array((0, 0), dtype=np.float32)
    weighed = lenders.weigh(settings.prior.nearness_power)
    prior = make_prior(rows, weighed, together.evidence, content=content, settings=settings.prior)
    return ItemRows(prior, settings)


def score_counts(
    together: Together, counts: sp.csr_array, items: Ints, *, settings: RowSettings, ease: Ease | None
) -> sp.csr_array:
    """Return the scores of what `together` counted of some items.

    P(b|a) / P(b)^alpha: conditional probability held against popularity (Karypis, "Evaluation of Item-Based Top-N
    Recommendation Algorithms", 2001), here of weighted groups. With EASE they are pooled by a weighted geometric mean:
    what both think much of comes first.
    """
    totals = np.maximum(together.totals, 1e-9)
    scored = counts.copy()
    if settings.ease_share < 1:
        discounts = totals**settings.popularity_power
        likely = counts.data / totals[items[row_numbers(counts)]] / discounts[counts.indices]
        scored.data = likely ** (1 - settings.ease_share)
    else:
        scored.data = np.ones_like(counts.data)
    if settings.ease_share > 0 and ease is not None:
        scored.data = scored.data * ease.score(counts, items) ** settings.ease_share
    scored.data = scored.data.astype(np.float32)
    return scored


def keep_best_rows(
    rows: sp.csr_array, items: Ints, *, settings: RowSettings, content: Content, boosts: Floats | None
) -> sp.csr_array:
    """Return the best of the rows of some items, each score times the boost (items,) of what is recommended."""
    if boosts is not None:
        rows = scale_columns(rows, boosts)
    if settings.complements_only:
        rows = drop_variants(rows, items[row_numbers(rows)], content.groups)
    return keep_best(rows, settings.length)


def drop_variants(rows: sp.csr_array, anchors: Ints, groups: Ints) -> sp.csr_array:
    """Return the rows without items of the anchor's own variant group; `anchors` (nnz,) of each stored score."""
    kept = rows.copy()
    kept.data[(groups[anchors] >= 0) & (groups[anchors] == groups[kept.indices])] = 0
    kept.eliminate_zeros()
    return kept


def drop_alike(rows: sp.csr_array, anchors: Ints, *, content: Content) -> sp.csr_array:
    """Return the rows without variants and near-duplicates of the anchor; `anchors` (nnz,) of each stored score."""
    groups = content.groups
    alike = content.cosines(anchors, rows.indices) > TOO_ALIKE
    alike |= (groups[anchors] >= 0) & (groups[anchors] == groups[rows.indices])
    kept = rows.copy()
    kept.data[alike] = 0
    kept.eliminate_zeros()
    return kept


def split_rows(scores: sp.csr_array, shares: Floats, *, first: int = 0) -> list[Row]:
    """Return the rows that hold anything, numbered from `first`."""
    bounds = scores.indptr
    return [
        (first + row, scores.indices[begin:end].astype(np.int32), scores.data[begin:end], shares[begin:end])
        for row, (begin, end) in enumerate(pairwise(bounds))
        if end > begin
    ]
