"""What was known at a cut in time, and what came after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviour.learners.content import Content
from behaviour.learners.facts import Facts, Flags, Ints
from behaviour.learners.questions import BasketQuestions, NextQuestions, ask_baskets, ask_next

MAX_VISITS = 5_000  # are asked: there are far more than orders
LATER_SHARE = 0.2  # of the time is judged, unless a cut is given


@dataclass(frozen=True)
class Split:
    """Facts before the cut, and the questions that those after it ask."""

    earlier: Facts
    views: Facts  # before the cut
    content: Content
    cut: float  # days since 1970
    following: NextQuestions
    baskets: BasketQuestions
    visits: BasketQuestions  # the same of what was looked at together
    sold: Flags  # (items,) before the cut
    cold: Ints  # items that were first sold after it

    @property
    def bought(self) -> tuple[Ints, ...]:
        """What each user who is asked for had bought before (q arrays of items)."""
        history = self.earlier.history()
        bounds = history.indptr
        return tuple(history.indices[bounds[user] : bounds[user + 1]] for user in self.following.users)


def default_cut(facts: Facts) -> float:
    """Return midnight before the last fifth of the time that the facts span."""
    first, last = float(facts.days.min(initial=facts.last_day)), facts.last_day
    return float(np.floor(last - (last - first) * LATER_SHARE))


def split_at(facts: Facts, views: Facts, *, content: Content, cut: float) -> Split:
    """Return the split at a day. Nothing behind it is in `earlier` and `views`."""
    seen = views.keep(views.days < cut), views.keep(views.days >= cut)
    return _make_split(facts, facts.days < cut, views=seen, content=content, cut=cut)


def leave_last(facts: Facts, views: Facts, *, content: Content) -> Split:
    """Return the split in which each user's last basket is asked for, and all else is known, whenever it was.

    More users are judged so, but what others did later is known too: figures are higher than on a day they would be.
    """
    last = np.full(facts.user_count + 1, -1.0)  # the last one is NOBODY's, also where all are guests
    known = facts.users >= 0
    np.maximum.at(last, facts.users[known], facts.days[known])
    at_last = np.zeros(facts.basket_count + 1, dtype=bool)
    at_last[facts.baskets[known & (facts.days == last[facts.users])]] = True
    at_last[-1] = False  # lines without a basket
    later = known & at_last[facts.baskets]
    seen = views, views.keep(np.zeros(len(views), dtype=bool))
    return _make_split(facts, ~later, views=seen, content=content, cut=facts.last_day)


def _make_split(facts: Facts, is_earlier: Flags, *, views: tuple[Facts, Facts], content: Content, cut: float) -> Split:
    """Return the split; `views` are the visits that are known, and those that are asked about."""
    earlier, later = facts.keep(is_earlier), facts.keep(~is_earlier)
    sold = np.zeros(facts.item_count, dtype=bool)
    sold[earlier.items] = True
    came = np.unique(later.items)
    return Split(
        earlier,
        views[0],
        content,
        cut,
        ask_next(earlier, later),
        ask_baskets(earlier, later),
        ask_baskets(*views, limit=MAX_VISITS),
        sold,
        came[~sold[came]].astype(np.int32),
    )
