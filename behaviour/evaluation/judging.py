"""The lists of each contender for each task, and how good they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from behaviour.evaluation.contenders import Contender, Scores
from behaviour.evaluation.split import Split
from behaviour.learners.facts import Flags, Floats, Ints
from behaviour.learners.merging import add_variants
from behaviour.learners.questions import grade_lists, list_best, make_incidence
from recommendations.evaluation import metrics
from recommendations.evaluation.intervals import Estimate, estimate_mean
from recommendations.evaluation.metrics import Floats as Values

BLOCK_QUESTIONS = 500  # users scored for all items at once


@dataclass(frozen=True)
class TaskResult:
    """One contender's answers to one task."""

    lists: Ints  # (q, k) items, -1 where there are no more
    values: dict[str, Values]  # of each measure, (q,), NaN where there was nothing to find

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Return the mean of each measure with its 95 % interval."""
        return {name: estimate_mean(values) for name, values in self.values.items()}


def judge(contender: Contender, split: Split, *, k: int) -> dict[str, TaskResult]:
    """Return the result of each task that the contender has an answer for."""
    found = dict(_judge_next(contender, split, k=k))
    if contender.cold and len(split.cold):
        wanted = tuple(np.intersect1d(basket, split.cold) for basket in split.following.baskets)
        found["cold"] = _measure(_list_cold(contender.cold, split, k=k), wanted, {"recall": k, "ndcg": k})
    if contender.similar and len(split.visits.anchors):
        found["similar"] = _measure(contender.similar(), split.visits.others, {"precision": 5, "ndcg": 10})
    return found | dict(_judge_baskets(contender, split))


def _judge_next(contender: Contender, split: Split, *, k: int) -> Iterator[tuple[str, TaskResult]]:
    """Yield what a known customer buys next: all, new to them, again; three placements, each with its own list."""
    bought, asked = split.bought, split.following
    owned = make_incidence(bought, item_count=split.earlier.item_count)
    new = tuple(np.setdiff1d(basket, own) for basket, own in zip(asked.baskets, bought, strict=True))
    again = tuple(np.intersect1d(basket, own) for basket, own in zip(asked.baskets, bought, strict=True))
    tasks: tuple[tuple[str, Scores | None, tuple[Ints, ...], sp.csr_array | None], ...] = (
        ("next.all", contender.everything, asked.baskets, None),
        ("next.new", contender.new, new, owned),
        ("next.again", contender.again, again, None),
    )
    for name, score, wanted, without in tasks:
        if score:
            lists = _list_for_users(score, split, k=k, without=without)
            yield name, _measure(lists, wanted, {"recall": k, "ndcg": k, "mrr": k})


def _judge_baskets(contender: Contender, split: Split) -> Iterator[tuple[str, TaskResult]]:
    """Yield what goes with one product, and with a cart. As in the shop, no list has a variant of what it is for."""
    asked, groups = split.baskets, split.content.groups
    hidden = add_variants(_alone(asked.anchors, split.earlier.item_count), groups)
    if contender.rows is not None:
        lists = list_best(contender.rows[asked.anchors], 10, without=hidden)
        yield "bundle", _measure(lists, asked.others, {"precision": 5, "ndcg": 10})
    if contender.cart is not None:
        carts = make_incidence(asked.carts, item_count=split.earlier.item_count)
        held_out = tuple(np.array([item]) for item in asked.held_out)
        lists_of_carts = [
            list_best(contender.cart(part), 10, without=add_variants(part, groups))
            for part in (carts[start : start + BLOCK_QUESTIONS] for start in range(0, carts.shape[0], BLOCK_QUESTIONS))
        ]
        yield "cart", _measure(_stack(lists_of_carts, 10), held_out, {"hit": 10})
    if contender.borrowed is not None:
        borrowed = list_best(contender.borrowed(asked.anchors), 10, without=hidden)
        yield "cold_bundle", _measure(borrowed, asked.others, {"precision": 5, "ndcg": 10})


def _list_for_users(score: Scores, split: Split, *, k: int, without: sp.csr_array | None) -> Ints:
    users = split.following.users
    lists = []
    for start in range(0, len(users), BLOCK_QUESTIONS):
        scores = score(users[start : start + BLOCK_QUESTIONS])
        left_out = without[start : start + BLOCK_QUESTIONS] if without is not None else None
        lists.append(list_best_of_all(scores, k, without=left_out, among=split.sold))
    return _stack(lists, k)


def _list_cold(score: Callable[[Ints, Ints], Floats], split: Split, *, k: int) -> Ints:
    everyone = np.ones(len(split.cold), dtype=bool)
    users = split.following.users
    lists = [
        list_best_of_all(score(users[start : start + BLOCK_QUESTIONS], split.cold), k, without=None, among=everyone)
        for start in range(0, len(users), BLOCK_QUESTIONS)
    ]
    places = _stack(lists, k)
    return np.where(places >= 0, split.cold[places], -1).astype(np.int32)


def list_best_of_all(scores: Floats, k: int, *, without: sp.csr_array | None, among: Flags) -> Ints:
    """Return (q, k) of the best of (q, items) scores above 0, ties by smaller item, -1 where there are no more."""
    allowed = np.where(among[None, :], scores, 0)
    if without is not None:
        rows = np.repeat(np.arange(without.shape[0]), np.diff(without.indptr))
        allowed[rows, without.indices] = 0
    kept = min(k, allowed.shape[1])
    edge = np.partition(allowed, allowed.shape[1] - kept, axis=1)[:, allowed.shape[1] - kept]
    return list_best(sp.csr_array(np.where(allowed >= edge[:, None], allowed, 0)), k)


def _measure(lists: Ints, wanted: tuple[Ints, ...], places: dict[str, int]) -> TaskResult:
    ranked, judged = grade_lists(lists, wanted)
    measures: dict[str, Callable[..., Values]] = {
        "recall": metrics.recall_at_k,
        "ndcg": metrics.ndcg_at_k,
        "precision": metrics.precision_at_k,
        "hit": metrics.hit_rate_at_k,
    }
    values = {}
    for name, k in places.items():
        if name == "mrr":
            values["mrr"] = metrics.reciprocal_rank(ranked, judged)
        else:
            values[f"{name}@{k}"] = measures[name](ranked, judged, k=k)
    return TaskResult(lists, values)


def _alone(items: Ints, count: int) -> sp.csr_array:
    return make_incidence(tuple(np.array([item]) for item in items), item_count=count)


def _stack(lists: list[Ints], k: int) -> Ints:
    return np.concatenate(lists) if lists else np.zeros((0, k), dtype=np.int32)
