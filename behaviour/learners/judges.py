"""How good settings are on the later part of a rehearsal: each judge asks one question of what the earlier part gives.

Content takes no part in it: what it lends is for the few.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from behaviour.learners.asked_rows import AskedRows
from behaviour.learners.ease import Ease, fit_ease
from behaviour.learners.facts import Ints
from behaviour.learners.kinds import count_baskets, count_carts, count_shoppers, measure_boosts
from behaviour.learners.merging import add_variants, merge_rows
from behaviour.learners.own_history import pool_everything, score_again
from behaviour.learners.questions import (
    BasketQuestions,
    NextQuestions,
    ask_baskets,
    ask_next,
    grade_lists,
    list_best,
    make_incidence,
)
from behaviour.learners.rehearsal import Rehearsal
from behaviour.learners.settings import Settings
from recommendations.evaluation.metrics import hit_rate_at_k, ndcg_at_k

LEAST_QUESTIONS = 100  # fewer say nothing
MAX_QUESTIONS = 1_500
MAX_ACTIVE = 4_000  # items that EASE is solved for in a trial


def find_bundle_judge(rehearsal: Rehearsal, *, seed: int) -> BundleJudge | None:
    """Return who judges bundles, None where there are too few later baskets."""
    asked = ask_baskets(rehearsal.earlier, rehearsal.later, limit=MAX_QUESTIONS, seed=seed)
    return BundleJudge(rehearsal, asked) if len(asked.anchors) >= LEAST_QUESTIONS else None


def find_personal_judge(rehearsal: Rehearsal, *, seed: int) -> PersonalJudge | None:
    """Return who judges what is for users, None where too few of them came back."""
    asked = ask_next(rehearsal.earlier, rehearsal.later, limit=MAX_QUESTIONS, seed=seed)
    return PersonalJudge(rehearsal, asked) if len(asked.users) >= LEAST_QUESTIONS else None


class BundleJudge:
    """How good the bundle of one product is: nDCG@10 of what else is in its basket."""

    def __init__(self, rehearsal: Rehearsal, questions: BasketQuestions) -> None:
        self.rehearsal, self.questions = rehearsal, questions
        self.asked = np.unique(questions.anchors)
        self.kept: dict[float, tuple[AskedRows, Ease]] = {}  # of one half-life, the last

    def __call__(self, settings: Settings) -> float:
        lists = list_best(self._learn(settings)[self.questions.anchors], 10)
        return float(np.nanmean(ndcg_at_k(*grade_lists(lists, self.questions.others), k=10)))

    def _learn(self, settings: Settings) -> sp.csr_array:
        key = settings.bundle_half_life_days
        if key not in self.kept:
            together = count_baskets(self.rehearsal.earlier, settings=settings)
            ease = fit_ease(together, ridge=settings.bundle_ridge, max_active=MAX_ACTIVE)
            self.kept = {key: (AskedRows.count(together, self.asked), ease)}
        asked, ease = self.kept[key]
        return asked.score(settings=settings.bundle, content=self.rehearsal.content, ease=ease)


class CartJudge:
    """How good the list for a whole cart is: the share of carts whose held-out product is among the first ten."""

    def __init__(self, rehearsal: Rehearsal, questions: BasketQuestions) -> None:
        content = rehearsal.content
        self.content, self.wanted = content, tuple(np.array([item]) for item in questions.held_out)
        self.carts = make_incidence(questions.carts, item_count=rehearsal.earlier.item_count)
        self.left_out = add_variants(self.carts, content.groups)
        together = count_carts(rehearsal.earlier, settings=Settings())  # no trial changes it
        self.asked = AskedRows.count(together, np.unique(self.carts.indices).astype(np.int32))
        self.kept: dict[float, Ease] = {}  # of one ridge, the last

    def __call__(self, settings: Settings) -> float:
        ridge = settings.cart_ridge
        if ridge not in self.kept:
            self.kept = {ridge: fit_ease(self.asked.together, ridge=ridge, max_active=MAX_ACTIVE)}
        rows = self.asked.score(settings=settings.cart, content=self.content, ease=self.kept[ridge])
        lists = list_best(merge_rows(self.carts, rows), 10, without=self.left_out)
        return float(np.nanmean(hit_rate_at_k(*grade_lists(lists, self.wanted), k=10)))


class PersonalJudge:
    """How good "for you" is: nDCG@20 of what was new to each user in their next basket."""

    def __init__(self, rehearsal: Rehearsal, questions: NextQuestions) -> None:
        self.rehearsal, self.questions = rehearsal, questions
        history = rehearsal.earlier.history()[questions.users]
        self.bought = history.copy()
        self.bought.data = np.ones_like(history.data)
        owned = [history[[row]].indices for row in range(history.shape[0])]
        self.wanted: tuple[Ints, ...] = tuple(
            np.setdiff1d(basket, own) for basket, own in zip(questions.baskets, owned, strict=True)
        )
        together = count_shoppers(rehearsal.earlier, rehearsal.views, settings=Settings())  # no trial changes it
        self.asked = AskedRows.count(together, np.unique(self.bought.indices).astype(np.int32))
        self.kept: dict[float, Ease] = {}  # of one ridge, the last

    def __call__(self, settings: Settings) -> float:
        lists = list_best(self.score(settings), 20, without=self.bought)
        return float(np.nanmean(ndcg_at_k(*grade_lists(lists, self.wanted), k=20)))

    def score(self, settings: Settings) -> sp.csr_array:
        """Return (q, items): what is for each user, by what they bought."""
        ridge, content = settings.personal_ridge, self.rehearsal.content
        if ridge not in self.kept:
            self.kept = {ridge: fit_ease(self.asked.together, ridge=ridge, max_active=MAX_ACTIVE)}
        boosts = measure_boosts(self.rehearsal.earlier, settings=settings)
        rows = self.asked.score(settings=settings.personal, content=content, ease=self.kept[ridge], boosts=boosts)
        return (self.bought @ rows).tocsr()


class OwnJudge:
    """How good the list of everything is that a user may buy next: nDCG@20 of their whole next basket."""

    def __init__(self, judge: PersonalJudge, settings: Settings) -> None:
        self.rehearsal, self.questions = judge.rehearsal, judge.questions
        self.personal = judge.score(settings)

    def __call__(self, settings: Settings) -> float:
        again = score_again(
            self.rehearsal.earlier,
            half_life_days=settings.own_half_life_days,
            reorder_power=settings.own_reorder_power,
        )
        scores = pool_everything(again[self.questions.users], self.personal, own_share=settings.own_share)
        lists = list_best(scores, 20)
        return float(np.nanmean(ndcg_at_k(*grade_lists(lists, self.questions.baskets), k=20)))
