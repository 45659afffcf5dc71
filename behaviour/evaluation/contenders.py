"""What is judged: the behaviour models as they are served, and the simple methods that they have to beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from behaviour.evaluation.item_item import MAX_PAIRS, NEIGHBOURS, bm25_rows, cosine_rows, count_pairs, without_own
from behaviour.evaluation.split import Split
from behaviour.learners.ease import Ease, fit_ease
from behaviour.learners.facts import Floats, Ints
from behaviour.learners.item_rows import BLOCK_ROWS
from behaviour.learners.learned import Learned
from behaviour.learners.lifting import Alike
from behaviour.learners.merging import merge_rows
from behaviour.learners.settings import Settings
from behaviour.learners.sparse_rows import keep_best
from behaviour.learners.together import Together, count_together
from behaviour.learners.trend import measure_popularity

OURS = "kindred"
RECENT_DAYS = 30.0
ALS_FACTORS = 64
MAX_DENSE = 12_000  # items; beyond it EASE, whose matrices hold all pairs, is left out: four of 576 MB
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
    cart: Callable[[sp.csr_array], sp.csr_array] | None = None  # carts (q, items) -> (q, items) what they lack
    borrowed: Callable[[Ints], sp.csr_array] | None = None  # the same for items as if without orders
    similar: Callable[[], Ints] | None = None  # (visits, 10) what is alike to what each visit asks with


def our_contender(learned: Learned, split: Split) -> Contender:
    """Return what is served: profiles, own history, both together, rows, and what is alike with its lift."""
    return Contender(
        OURS,
        everything=lambda users: learned.score_everything(users).toarray(),
        new=lambda users: learned.score_new(users)[0].toarray(),
        again=lambda users: learned.score_again(users).toarray(),
        cold=learned.score_cold,
        rows=learned.bundle.whole[0],
        cart=lambda carts: merge_rows(carts, learned.cart.whole[0]),
        borrowed=learned.bundle.borrow,
        similar=lambda: list_similar(split, learned.settings),
    )


def list_similar(split: Split, settings: Settings) -> Ints:
    """Return the lists of what is alike to what visits ask with, lifted as the settings say: by default not at all."""
    alike = Alike.find(split.visits.anchors, split.views, settings=settings, content=split.content)
    return alike.list_best(settings.similar_lift)


@dataclass(frozen=True)
class LeftOut:
    """A baseline that a shop is too large for."""

    name: str
    reason: str  # a sentence


def make_baselines(split: Split) -> tuple[list[Contender], list[LeftOut]]:
    """Return the baselines, each learned on what was before the cut, and each at its best; and those left out.

    What goes with what is counted in all baskets, and what suits whom in the histories of customers: with guests, each
    of them a shopper of one basket, EASE and BM25 find less. Where what was bought may come again, an item is its own
    nearest neighbour and counts as often as it was bought: without it cosine and BM25 would not know repeats.
    """
    facts = split.earlier
    customers = count_together(facts.keep(facts.users >= 0).shopper_lines())
    baskets = count_together(facts.basket_lines())
    times = facts.history()
    history = times.copy()
    history.data = np.ones_like(history.data)
    popularity = baskets.evidence
    recent = measure_popularity(facts.keep(facts.days >= split.cut - RECENT_DAYS), half_life_days=1e9)
    own = facts.history(half_life_days=Settings().own_half_life_days)
    left_out = find_too_large(times, baskets)
    kept = {"cosine", "BM25", "EASE"} - {each.name for each in left_out}
    contenders = [
        _ranking("popularity", popularity),
        _ranking("recent popularity", recent),
        Contender(
            "own frequency",
            everything=lambda users: own[users].toarray() + 1e-6 * popularity / max(popularity.max(), 1),
            again=lambda users: own[users].toarray(),
        ),
    ]
    if "cosine" in kept:
        contenders.append(_item_item("cosine", cosine_rows(customers), cosine_rows(baskets), times))
    if "BM25" in kept:
        contenders.append(_item_item("BM25", bm25_rows(times.T.tocsr()), bm25_rows(baskets.by_item), times))
    contenders.append(_text(split, history))
    if "EASE" in kept:
        contenders.append(_ease(customers, baskets, history))
    return [*contenders, _als(times)], left_out


def find_too_large(times: sp.csr_array, baskets: Together) -> list[LeftOut]:
    """Return the baselines that this shop is too large for; `times` (users, items) is how often each was bought."""
    items, pairs = times.shape[1], max(count_pairs(times.T.tocsr()), count_pairs(baskets.by_item))
    left_out = []
    if pairs > MAX_PAIRS:
        reason = (
            f"{pairs:,} pairs of products have a customer or a basket in common; {MAX_PAIRS:,} are counted at most."
        )
        left_out = [LeftOut(name, reason) for name in ("cosine", "BM25")]
    if items > MAX_DENSE:
        reason = f"there are {items:,} products, and the matrix of all their pairs is solved for {MAX_DENSE:,} at most."
        left_out.append(LeftOut("EASE", reason))
    return left_out


def _ranking(name: str, scores: Floats) -> Contender:
    def same_for_all(users: Ints) -> Floats:
        return np.broadcast_to(scores, (len(users), len(scores))).astype(np.float32)

    best = np.argsort(-scores, kind="stable")[: NEIGHBOURS + 1]
    row = sp.csr_array((scores[best], (np.zeros(len(best), dtype=np.int32), best)), shape=(1, len(scores)))
    rows = sp.vstack([row] * len(scores), format="csr") if len(scores) else sp.csr_array((0, 0), dtype=np.float32)
    return Contender(name, everything=same_for_all, new=same_for_all, rows=rows, cart=_sum_rows(rows))


def _item_item(name: str, rows: sp.csr_array, of_baskets: sp.csr_array, times: sp.csr_array) -> Contender:
    """`rows` and `of_baskets` hold what each item has in common with itself as well; `times` (users, items) bought."""
    others = without_own(of_baskets)

    def score(users: Ints) -> Floats:
        scores: Floats = (times[users] @ rows).toarray()
        return scores

    def score_new(users: Ints) -> Floats:
        bought = times[users]
        bought.data = np.ones_like(bought.data)
        scores: Floats = (bought @ rows).toarray()
        return scores

    return Contender(name, everything=score, new=score_new, rows=others, cart=_sum_rows(others))


def _sum_rows(rows: sp.csr_array) -> Callable[[sp.csr_array], sp.csr_array]:
    def score(carts: sp.csr_array) -> sp.csr_array:
        return (carts @ rows).tocsr()

    return score


def _ease(customers: Together, baskets: Together, history: sp.csr_array) -> Contender:
    """Each task has the ridge that does best in it on the cuts that docs/evaluation.md reports."""
    of_everything, of_new = (fit_ease(customers, ridge=ridge, max_active=MAX_DENSE) for ridge in (200, 400))
    of_carts = fit_ease(baskets, ridge=50, max_active=MAX_DENSE)
    of_baskets = fit_ease(baskets, ridge=300, max_active=MAX_DENSE)
    blocks = []
    for start in range(0, baskets.item_count, BLOCK_ROWS):
        items = np.arange(start, min(start + BLOCK_ROWS, baskets.item_count), dtype=np.int32)
        counts = baskets.count(items)
        counts.data = of_baskets.score(counts, items)
        blocks.append(keep_best(counts, NEIGHBOURS))
    rows = sp.vstack(blocks, format="csr")

    def score(users: Ints) -> Floats:
        return _score_lists(of_everything, history[users])

    def score_new(users: Ints) -> Floats:
        return _score_lists(of_new, history[users])

    def score_carts(carts: sp.csr_array) -> sp.csr_array:
        return sp.csr_array(np.maximum(_score_lists(of_carts, carts), 0))

    return Contender("EASE", everything=score, new=score_new, rows=rows, cart=score_carts)


def _score_lists(ease: Ease, lists: sp.csr_array) -> Floats:
    """Return (q, items): the sums of the weights of what each list (q, items) holds, those below 0 too."""
    active = np.flatnonzero(ease.places >= 0)
    scores = np.zeros(lists.shape, dtype=np.float32)
    scores[:, active] = lists[:, active] @ ease.weights
    return scores


def _als(times: sp.csr_array) -> Contender:
    """Matrix factorisation of implicit feedback, by how often each was bought: Hu, Koren and Volinsky (2008)."""
    from implicit.als import AlternatingLeastSquares  # see above

    with threadpool_limits(1, "blas"):  # its own threads and those of BLAS get in each other's way
        model = AlternatingLeastSquares(
            factors=ALS_FACTORS, regularization=1.0, alpha=2.0, iterations=15, random_state=0, num_threads=1
        )
        model.fit(sp.csr_matrix(times), show_progress=False)

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
        "content alone",
        everything=score,
        new=score,
        cold=score_cold,
        rows=alike,
        cart=_sum_rows(alike),
        borrowed=lambda items: alike[items],
        similar=lambda: list_similar(split, Settings()),
    )
