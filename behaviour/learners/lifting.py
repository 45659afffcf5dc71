"""By how much what is looked at together lifts what is alike: not at all, unless a shop's own later visits prove it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from behaviour.learners.asked_rows import AskedRows
from behaviour.learners.content import Content
from behaviour.learners.facts import Days, Facts, Floats, Ints
from behaviour.learners.kinds import count_visits
from behaviour.learners.questions import (
    LEAST_QUESTIONS,
    MAX_QUESTIONS,
    ask_baskets,
    grade_lists,
)
from behaviour.learners.rehearsal import find_cut, keep_latest
from behaviour.learners.settings import Settings
from behaviour.learners.sparse_rows import make_rows, read_at, scale_to_best
from recommendations.evaluation.metrics import ndcg_at_k

WEIGHTS = (0.05, 0.1, 0.2, 0.4, 0.8)  # of the best that is looked at with a product, beside a cosine of 1
LISTED = 10
LOOKED_AT = 5 * LISTED  # of what is alike, of which the list is made: what is served looks no farther either
CERTAIN = 1.645  # standard errors above nothing: 95 % of one side


def choose_lift(
    views: Facts, *, settings: Settings, content: Content, seed: int = 0, report: Callable[[str], None] | None = None
) -> float:
    """Return the weight of also-viewed products in lists of what is alike, 0 where none is proven to help.

    Learned on the first part of the visits. Of those that came next, every other one chooses the weight with the best
    nDCG@10, and the rest have to say that it is better than none.
    """
    tell = report or (lambda text: None)
    views = keep_latest(views)
    cut = find_cut(views)
    earlier, later = views.keep(views.days < cut), views.keep(views.days >= cut)
    questions = ask_baskets(earlier, later, limit=MAX_QUESTIONS, seed=seed)
    asked = np.flatnonzero(content.known[questions.anchors])
    if len(asked) < LEAST_QUESTIONS:
        return 0.0
    anchors, wanted = questions.anchors[asked], tuple(questions.others[number] for number in asked)
    alike = Alike.find(anchors, earlier, settings=settings, content=content)

    def judge(weight: float) -> Days:
        return ndcg_at_k(*grade_lists(alike.list_best(weight), wanted), k=LISTED)

    plain = judge(0.0)
    tried = {weight: judge(weight) - plain for weight in WEIGHTS}  # (questions,) each
    best = max(WEIGHTS, key=lambda weight: float(np.nanmean(tried[weight][::2])))
    proof = tried[best][1::2]
    proof = proof[np.isfinite(proof)]
    gain, error = float(proof.mean()), float(proof.std(ddof=1) / np.sqrt(len(proof)))
    tell(f"similar_lift {best:g}: {gain:+.4f} nDCG@10 over {np.nanmean(plain):.4f}, +- {CERTAIN * error:.4f}")
    return best if gain > CERTAIN * error else 0.0


@dataclass(frozen=True)
class Alike:
    """What is alike to some anchors (n,), and how much it is looked at with them."""

    near: Ints  # (n, k), -1 for none
    cosines: Floats  # (n, k), -inf for none
    gains: Floats  # (n, k)

    @classmethod
    def find(cls, anchors: Ints, views: Facts, *, settings: Settings, content: Content) -> Alike:
        near, cosines = find_alike(anchors, content)
        return cls(near, cosines, read_gains(views, anchors, near, settings=settings, content=content))

    def list_best(self, weight: float) -> Ints:
        """Return (n, LISTED) the lists of `similar` that are lifted by a weight: by content alone where it is 0."""
        order = np.argsort(-(self.cosines + np.float32(weight) * self.gains), axis=1, kind="stable")[:, :LISTED]
        return np.take_along_axis(self.near, order, axis=1)


def find_alike(anchors: Ints, content: Content) -> tuple[Ints, Floats]:
    """Return the nearest (n, k) of each anchor but its own variants, -1 for none, and their cosines, -inf for none."""
    near, cosines = content.nearest(anchors, LOOKED_AT)
    groups = content.groups
    own = (groups[near] >= 0) & (groups[near] == groups[anchors][:, None])
    near = np.where(own, -1, near).astype(np.int32)
    return near, np.where(near < 0, -np.inf, cosines).astype(np.float32)


def read_gains(earlier: Facts, anchors: Ints, near: Ints, *, settings: Settings, content: Content) -> Floats:
    """Return (n, k): how much the products near each anchor are looked at with it, 1 for what is most of all."""
    asked = AskedRows.count(count_visits(earlier, settings=settings), np.unique(anchors))
    rows = asked.score(settings=settings.viewed, content=content)
    columns = np.where(near < 0, 0, near)
    counts = np.full(len(near), near.shape[1], dtype=np.int64)
    places = make_rows(np.ones(near.size, dtype=np.float32), columns.ravel(), counts, width=rows.shape[1])
    return read_at(scale_to_best(rows)[anchors], places).reshape(near.shape)
