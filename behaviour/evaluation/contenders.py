"""What is judged: the behaviour models as they are served, and the simple methods that they have to beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from behaviour.evaluation.split import Split
from behaviour.learners.ease import fit_ease
from behaviour.learners.facts import Floats, Ints
from behaviour.learners.kinds import count_shoppers
from behaviour.learners.learned import Learned
from behaviour.learners.settings import Settings
from behaviour.learners.sparse_rows import keep_best_of_columns
from behaviour.learners.together import Together, count_together
from behaviour.learners.trend import measure_popularity

OURS = "kindred"
NEIGHBOURS = 200  # of item-item methods
SHRINK = 20.0  # of cosines
RECENT_DAYS = 30.0
ALS_FACTORS = 64
MAX_DENSE = 12_000  # items; beyond it methods that hold a full matrix are left out
Scores = Callable[[Ints], Floats]  # users (q,) -> (q, items)


@dataclass(frozen=True)
class Contender:
    """A method under one name: what it has no answer for is None."""

    name: str
    everything: Scores | None = None  # what a user buys next, new or again
    new: Scores | None = None  # the same where the list is only of what is new to them
    again: Scores | None = None
    cold: Callable[[Ints, Ints], Floats] | None = None  # users (q,), items (m,) -> (q, m)
    rows: sp.csr_array | None = None  # (items, items) what goes with each item
    borrowed: Callable[[Ints], sp.csr_array] | None = None  # the same for items as if without orders


def our_contender(learned: Learned) -> Contender:
    """Return what is served: profiles, own history, both together, and rows."""
    return Contender(
        OURS,
        everything=lambda users: learned.score_everything(users).toarray(),
        new=lambda users: learned.score_new(users)[0].toarray(),
        again=lambda users: learned.score_again(users).toarray(),
        cold=learned.score_cold,
        rows=learned.bundle.whole[0],
        borrowed=learned.bundle.borrow,
    )


def make_baselines(split: Split) -> list[Contender]:
    """Return the baselines, each learned on what was before the cut."""
    facts, settings = split.earlier, Settings(personal_size_power=0.0)
    shoppers = count_shoppers(facts, split.views, settings=settings)
    customers = count_together(facts.keep(facts.users >= 0).shopper_lines())
    baskets = count_together(facts.basket_lines())
    history = facts.history()
    history.data = np.ones_like(history.data)
    popularity = shoppers.evidence
    recent = measure_popularity(facts.keep(facts.days >= split.cut - RECENT_DAYS), half_life_days=1e9)
    own = facts.history(half_life_days=Settings().own_half_life_days)
    contenders = [
        _ranking("popularity", popularity),
        _ranking("recent popularity", recent),
        Contender(
            "own frequency",
            everything=lambda users: own[users].toarray() + 1e-6 * popularity / max(popularity.max(), 1),
            again=lambda users: own[users].toarray(),
        ),
        _item_item("cosine", cosine_rows(customers), cosine_rows(baskets), history),
        _item_item("BM25", _bm25_rows(customers), _bm25_rows(baskets), history),
        _text(split, history),
    ]
    if facts.item_count <= MAX_DENSE:
        contenders.append(_ease(shoppers, baskets, history))
    return [*contenders, _als(history)]


def _ranking(name: str, scores: Floats) -> Contender:
    def same_for_all(users: Ints) -> Floats:
        return np.broadcast_to(scores, (len(users), len(scores))).astype(np.float32)

    best = np.argsort(-scores, kind="stable")[: NEIGHBOURS + 1]
    row = sp.csr_array((scores[best], (np.zeros(len(best), dtype=np.int32), best)), shape=(1, len(scores)))
    rows = sp.vstack([row] * len(scores), format="csr") if len(scores) else sp.csr_array((0, 0), dtype=np.float32)
    return Contender(name, everything=same_for_all, new=same_for_all, rows=rows)


def _item_item(name: str, rows: sp.csr_array, of_baskets: sp.csr_array, history: sp.csr_array) -> Contender:
    def score(users: Ints) -> Floats:
        scores: Floats = (history[users] @ rows).toarray()
        return scores

    return Contender(name, everything=score, new=score, rows=of_baskets)


def cosine_rows(together: Together, *, neighbours: int = NEIGHBOURS) -> sp.csr_array:
    """Return shrunk cosines, C_ab / (sqrt(n_a n_b) + shrink): Sarwar et al. (2001), Dacrema et al. (2019).

    Here as there it is the item to be recommended that keeps its nearest. The best of each row would be popular items
    nearly everywhere, and a third of what such methods find would be lost.
    """
    counts = together.count(np.arange(together.item_count, dtype=np.int32))
    roots = np.sqrt(together.totals)
    rows = np.repeat(np.arange(together.item_count), np.diff(counts.indptr))
    counts.data = (counts.data / (roots[rows] * roots[counts.indices] + SHRINK)).astype(np.float32)
    return keep_best_of_columns(counts, neighbours)


def _bm25_rows(together: Together) -> sp.csr_array:
    """Return how alike items are whose groups are weighted as words are in texts: Robertson and Zaragoza (2009)."""
    from implicit.nearest_neighbours import bm25_weight  # it loads libraries that only this evaluation needs

    weighted = bm25_weight(sp.csr_matrix(together.by_item), K1=1.2, B=0.75).tocsr()
    alike = sp.csr_array(weighted @ weighted.T)
    alike.setdiag(0)
    return keep_best_of_columns(alike, NEIGHBOURS)


def _ease(shoppers: Together, baskets: Together, history: sp.csr_array) -> Contender:
    ease = fit_ease(shoppers, ridge=200, max_active=MAX_DENSE)
    active = np.flatnonzero(ease.places >= 0)
    of_baskets = fit_ease(baskets, ridge=300, max_active=MAX_DENSE)
    everything = np.arange(baskets.item_count, dtype=np.int32)
    rows = baskets.count(everything)
    rows.data = of_baskets.score(rows, everything)

    def score(users: Ints) -> Floats:
        scores = np.zeros((len(users), history.shape[1]), dtype=np.float32)
        scores[:, active] = history[users][:, active] @ ease.weights
        return scores

    return Contender("EASE", everything=score, new=score, rows=rows)


def _als(history: sp.csr_array) -> Contender:
    """Matrix factorisation of implicit feedback: Hu, Koren and Volinsky (2008)."""
    from implicit.als import AlternatingLeastSquares  # see above

    with threadpool_limits(1, "blas"):  # its own threads and those of BLAS get in each other's way
        model = AlternatingLeastSquares(
            factors=ALS_FACTORS, regularization=0.05, alpha=10.0, iterations=15, random_state=0, num_threads=1
        )
        model.fit(sp.csr_matrix(history), show_progress=False)

    def score(users: Ints) -> Floats:
        scores: Floats = model.user_factors[users] @ model.item_factors.T
        above: Floats = scores - scores.min(initial=0) + np.float32(1e-6)
        return above

    return Contender("ALS", everything=score, new=score)


def _text(split: Split, history: sp.csr_array) -> Contender:
    """Content alone: what is most like what a user bought, and like the anchor."""
    content = split.content
    everyone = np.arange(split.earlier.item_count, dtype=np.int32)
    found, cosines = content.nearest(everyone, NEIGHBOURS, among=np.flatnonzero(split.sold).astype(np.int32))
    kept = (found >= 0) & (cosines > 0)
    alike = sp.csr_array(
        (cosines[kept], (np.repeat(everyone, kept.sum(axis=1)), found[kept])), shape=(len(everyone),) * 2
    )

    def score(users: Ints) -> Floats:
        scores: Floats = (history[users] @ alike).toarray()
        return scores

    def score_cold(users: Ints, items: Ints) -> Floats:
        profiles = history[users] @ content.vectors
        scores: Floats = profiles @ content.vectors[items].T
        above: Floats = scores - scores.min(initial=0)
        return above

    return Contender(
        "content alone", everything=score, new=score, cold=score_cold, rows=alike, borrowed=lambda items: alike[items]
    )
