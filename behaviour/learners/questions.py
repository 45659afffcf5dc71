"""What later facts ask of what was learned from earlier ones: whose next basket, and what goes with what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from behaviour.learners.facts import Facts, Flags, Floats, Ints
from behaviour.learners.sparse_rows import keep_best, read_at

LEAST_QUESTIONS = 100  # fewer say nothing: what is usual stays
MAX_QUESTIONS = 1_500
SMALLEST_BASKET, LARGEST_BASKET = 2, 60  # products: less has nothing to find, more is a restock


@dataclass(frozen=True)
class NextQuestions:
    """The first later basket of each user who was known before."""

    users: Ints  # (q,)
    baskets: tuple[Ints, ...]  # q arrays of items


@dataclass(frozen=True)
class BasketQuestions:
    """Later baskets: one product of each asks for the others, and the others ask for one held out."""

    baskets: Ints  # (q,) their numbers
    items: tuple[Ints, ...]  # q arrays
    anchors: Ints  # (q,) one of each that was sold before
    held_out: Ints  # (q,) one of each that was sold before

    @property
    def others(self) -> tuple[Ints, ...]:
        """What is asked for by each anchor."""
        return tuple(items[items != anchor] for items, anchor in zip(self.items, self.anchors, strict=True))

    @property
    def carts(self) -> tuple[Ints, ...]:
        """What is left of each basket without what is held out."""
        return tuple(items[items != held] for items, held in zip(self.items, self.held_out, strict=True))


def ask_next(earlier: Facts, later: Facts, *, limit: int | None = None, seed: int = 0) -> NextQuestions:
    """Return the questions, at most `limit`, drawn at random if there are more."""
    known = np.zeros(later.user_count + 1, dtype=bool)  # the last: NOBODY, also where all are guests
    known[earlier.users[earlier.users >= 0]] = True
    lines = later.keep((later.users >= 0) & (later.baskets >= 0) & known[later.users])
    order = np.lexsort((lines.baskets, lines.days))
    first = np.full(later.user_count, -1, dtype=np.int64)
    first[lines.users[order][::-1]] = lines.baskets[order][::-1]  # the earliest is written last
    lines = lines.keep(first[lines.users] == lines.baskets)
    users = draw(np.unique(lines.users), limit=limit, seed=seed)
    pairs = np.unique(lines.users.astype(np.int64) * later.item_count + lines.items)
    owners, items = np.divmod(pairs, later.item_count)
    begins, ends = np.searchsorted(owners, users), np.searchsorted(owners, users, side="right")
    baskets = tuple(items[begin:end].astype(np.int32) for begin, end in zip(begins, ends, strict=True))
    return NextQuestions(users.astype(np.int32), baskets)


def ask_baskets(earlier: Facts, later: Facts, *, limit: int | None = None, seed: int = 0) -> BasketQuestions:
    """Return the questions, at most `limit`, drawn at random if there are more.

    Anchors and what is held out were sold before: nobody can find what did not exist, `cold` asks for that.
    """
    sold = np.zeros(later.item_count, dtype=bool)
    sold[earlier.items] = True
    lines = later.basket_lines()
    names = np.unique(later.baskets[later.baskets >= 0])
    sizes, with_anchor = lines.sizes, np.bincount(lines.groups, weights=sold[lines.items], minlength=len(names)) > 0
    fit = np.flatnonzero((sizes >= SMALLEST_BASKET) & (sizes <= LARGEST_BASKET) & with_anchor)
    chosen = draw(fit, limit=limit, seed=seed)
    random = np.random.default_rng(seed)
    ends = np.cumsum(sizes)
    items = tuple(lines.items[ends[group] - sizes[group] : ends[group]] for group in chosen)
    anchors = np.array([random.choice(basket[sold[basket]]) for basket in items], dtype=np.int32)
    held_out = np.array([random.choice(basket[sold[basket]]) for basket in items], dtype=np.int32)
    return BasketQuestions(names[chosen].astype(np.int32), items, anchors, held_out)


def draw(numbers: npt.NDArray[np.integer], *, limit: int | None, seed: int) -> npt.NDArray[np.integer]:
    """Return at most `limit` of the numbers, in their order."""
    if limit is None or len(numbers) <= limit:
        return numbers
    return np.sort(np.random.default_rng(seed).choice(numbers, limit, replace=False))


def make_incidence(lists: tuple[Ints, ...], *, item_count: int) -> sp.csr_array:
    """Return (q, items) float32: 1 where an item is in a list."""
    rows = np.repeat(np.arange(len(lists)), [len(items) for items in lists])
    columns = np.concatenate(lists) if lists else np.zeros(0, dtype=np.int32)
    return sp.csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(lists), item_count))


def list_best(scores: sp.csr_array, k: int, *, without: sp.csr_array | None = None, among: Flags | None = None) -> Ints:
    """Return (q, k) the items with the highest scores above 0, best first, -1 where there are no more.

    Of each row, what is in `without` (q, items) is left out; only items of `among` (items,) are listed.
    """
    allowed = scores.tocsr().copy()
    if without is not None:
        allowed.data[read_at(without, allowed) > 0] = 0
    if among is not None:
        allowed.data[~among[allowed.indices]] = 0
    best = keep_best(allowed, k)
    counts = np.diff(best.indptr)
    lists = np.full((scores.shape[0], k), -1, dtype=np.int32)
    places = np.arange(best.nnz) - np.repeat(best.indptr[:-1], counts)
    lists[np.repeat(np.arange(len(lists)), counts), places] = best.indices
    return lists


def grade_lists(lists: Ints, wanted: tuple[Ints, ...]) -> tuple[Floats, Floats]:
    """Return `ranked` (q, k) and `judged` (q, most wanted), as the metrics want them: 1 what was wanted, 0 else."""
    most = max((len(items) for items in wanted), default=0)
    judged = np.zeros((len(wanted), max(most, 1)), dtype=np.float32)
    ranked = np.zeros(lists.shape, dtype=np.float32)
    for row, items in enumerate(wanted):
        judged[row, : len(items)] = 1
        ranked[row] = np.isin(lists[row], items)
    return ranked, judged
