"""What was learned from facts: rows of items, rankings, and what is for each user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import scipy.sparse as sp

from behaviour.learners.facts import Facts, Floats, Ints
from behaviour.learners.item_rows import ItemRows, Row, split_rows
from behaviour.learners.own_history import pool_everything, score_again
from behaviour.learners.settings import Settings
from behaviour.learners.sparse_rows import keep_best, read_at
from behaviour.learners.trend import measure_popularity, measure_trend

Kind = Literal["bundle", "cart", "viewed", "personal"]
RankingKind = Literal["popular", "trending"]

BLOCK_USERS = 2_000


@dataclass(frozen=True)
class Learned:
    """What `learn` made of the facts. Rows are mixed with content when they are asked for, block by block."""

    facts: Facts
    settings: Settings
    bundle: ItemRows
    cart: ItemRows
    viewed: ItemRows
    personal: ItemRows

    def rows(self, kind: Kind, start: int, stop: int) -> list[Row]:
        """Return (item, neighbours, scores, shares) for the items start..stop - 1 that have neighbours.

        Asked again, a row is the same again: who builds may stop after any block and go on from there.
        """
        if kind == "personal":  # profiles are made of all of these rows: they are mixed with content once
            scores, shares = self.personal.whole
            return split_rows(scores[start:stop], shares[start:stop].data, first=start)
        learned: ItemRows = getattr(self, kind)
        return learned.rows(start, stop)

    def rankings(self) -> dict[RankingKind, tuple[Ints, Floats, Ints]]:
        """Return for each kind the items, best first, their scores above 0, and in how many baskets each was lately.

        Popular: baskets, halved every half-life. Trending: how many times its usual an item is at, at least.
        """
        trend = measure_trend(self.facts, days=self.settings.trend_days)
        popular = measure_popularity(self.facts, half_life_days=self.settings.popular_half_life_days)
        support = np.bincount(self.facts.basket_lines().items, minlength=self.facts.item_count)
        return {
            "popular": rank(popular, support.astype(np.int32)),
            "trending": rank(trend.scores, trend.recent.astype(np.int32)),
        }

    def profiles(self, users: Sequence[int]) -> Iterator[Row]:
        """Yield (user, items, scores, shares) of what is for each user and new to them; nothing without a history."""
        numbers = np.asarray(users, dtype=np.int32)
        for start in range(0, len(numbers), BLOCK_USERS):
            block = numbers[start : start + BLOCK_USERS]
            scores, shares = self.score_new(block)
            for place, items, values, parts in split_rows(scores, shares.data):
                yield int(block[place]), items, values, parts

    def score_new(self, users: Ints) -> tuple[sp.csr_array, sp.csr_array]:
        """Return (users, items): the best that are new to each user, best first, and the shares of behaviour."""
        bought = self._bought(users)
        scores = (bought @ self.personal.whole[0]).tocsr()
        scores.data[read_at(bought, scores) > 0] = 0
        best = keep_best(scores, self.settings.length)
        parts = best.copy()
        parts.data = read_at((bought @ self._personal_behaviour).tocsr(), best) / np.maximum(best.data, 1e-30)
        parts.data = np.clip(parts.data, 0, 1).astype(np.float32)
        return best, parts

    def score_cold(self, users: Ints, items: Ints) -> Floats:
        """Return (users, items) of these items: what their lenders would score, as if nobody had bought them yet.

        The list of what is new in the shop; in other lists such items have to hold their own against all others.
        """
        prior = self.personal.prior
        scores = self._bought(users) @ prior.rows
        cold: Floats = (scores @ prior.lenders[items].T).toarray()
        return cold

    def score_again(self, users: Ints) -> sp.csr_array:
        """Return (users, items): what each user will buy again, from their own history alone."""
        return self._again[users]

    def score_everything(self, users: Ints) -> sp.csr_array:
        """Return (users, items): what each user buys next, new or again; `pool_everything` says how."""
        personal = (self._bought(users) @ self.personal.whole[0]).tocsr()
        return pool_everything(self.score_again(users), personal, own_share=self.settings.own_share)

    def _bought(self, users: Ints) -> sp.csr_array:
        """Return (users, items): 1 where a user has bought an item."""
        bought = self._history[users].copy()
        bought.data = np.ones_like(bought.data)
        return bought

    @cached_property
    def _personal_behaviour(self) -> sp.csr_array:
        """(items, items): of the scores of the personal rows the part that is behaviour."""
        rows, shares = self.personal.whole
        behaviour = rows.copy()
        behaviour.data = rows.data * shares.data
        return behaviour

    @cached_property
    def _history(self) -> sp.csr_array:
        return self.facts.history()

    @cached_property
    def _again(self) -> sp.csr_array:
        settings = self.settings
        return score_again(
            self.facts, half_life_days=settings.own_half_life_days, reorder_power=settings.own_reorder_power
        )


def rank(scores: Floats, support: Ints) -> tuple[Ints, Floats, Ints]:
    """Return the items with a score above 0, best first, ties by smaller number, with score and support of each."""
    items = np.lexsort((np.arange(len(scores)), -scores)).astype(np.int32)
    items = items[scores[items] > 0]
    return items, scores[items], support[items]
