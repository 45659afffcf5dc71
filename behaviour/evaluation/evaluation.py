"""One evaluation: learned on what was before a cut in time, judged on what came after it, beside the baselines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from behaviour.evaluation.contenders import OURS, Contender, LeftOut, make_baselines, our_contender
from behaviour.evaluation.judging import TaskResult, judge
from behaviour.evaluation.list_shape import ListShape, measure_shape
from behaviour.evaluation.reading import Shop
from behaviour.evaluation.split import Split, leave_last, split_at
from behaviour.learners.recipe import Settings, choose_settings, learn
from recommendations.evaluation.intervals import Estimate, estimate_difference

Report = Callable[[str], None]
Results = dict[str, TaskResult]  # by task


@dataclass(frozen=True)
class Evaluation:
    """Results by contender, ours first, then by task."""

    split: Split
    settings: Settings
    results: dict[str, Results]
    shapes: dict[str, ListShape]  # of the lists for task next.all
    last_basket: Results  # ours, where each user's last basket was left out; empty unless it was asked for
    k: int
    left_out: list[LeftOut]

    def best_baseline(self, task: str, measure: str) -> str | None:
        """Return the baseline with the highest mean, None where none has an answer."""
        means = {
            name: found[task].estimates[measure].mean
            for name, found in self.results.items()
            if name != OURS and task in found
        }
        return max(means, key=lambda name: means[name]) if means else None

    def lead(self, task: str, measure: str) -> Estimate | None:
        """Return by how much ours is ahead of the best baseline, question by question; a tie holds 0."""
        best = self.best_baseline(task, measure)
        if best is None or task not in self.results[OURS]:
            return None
        ours, theirs = self.results[OURS][task].values[measure], self.results[best][task].values[measure]
        return estimate_difference(ours, theirs)


def evaluate_shop(shop: Shop, *, cut: float, k: int, with_last: bool = False, report: Report) -> Evaluation:
    """Choose settings, learn, and judge. `cut` is a day since 1970; nothing behind it is learned from."""
    split = split_at(shop.facts, shop.views, content=shop.content, cut=cut)
    settings = choose_settings(split.earlier, split.views, content=split.content, report=report)
    ours = _learn(split, settings, report)
    results: dict[str, Results] = {}
    baselines, left_out = make_baselines(split)
    for each in left_out:
        report(f"{each.name} is left out: {each.reason}")
    for contender in [ours, *baselines]:
        report(f"Judging {contender.name}")
        results[contender.name] = judge(contender, split, k=k)
    popularity = np.bincount(split.earlier.basket_lines().items, minlength=split.earlier.item_count).astype(np.float32)
    shapes = {
        name: measure_shape(found["next.all"].lists, popularity=popularity, content=split.content)
        for name, found in results.items()
    }
    last: Results = {}
    if with_last:
        by_user = leave_last(shop.facts, shop.views, content=shop.content)
        last = judge(_learn(by_user, settings, report), by_user, k=k)
    return Evaluation(split, settings, results, shapes, last, k, left_out)


def _learn(split: Split, settings: Settings, report: Report) -> Contender:
    learned = learn(split.earlier, split.views, settings=settings, content=split.content, report=report)
    return our_contender(learned, split)
