"""A shop's own past in two parts: what settings are tried on, and what they are judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviour.learners.content import Content
from behaviour.learners.facts import Facts

LATER_SHARE = 0.2  # of the lines is judged
MAX_LINES = 1_000_000  # of orders, and of views: the latest


@dataclass(frozen=True)
class Rehearsal:
    """The facts of a shop in two parts, as they would have been at an earlier time."""

    earlier: Facts
    views: Facts
    later: Facts
    content: Content


def rehearse(facts: Facts, views: Facts, *, content: Content) -> Rehearsal:
    """Return the facts cut in two where the last fifth of the lines begins."""
    facts = keep_latest(facts)
    cut = find_cut(facts)
    earlier, later = facts.keep(facts.days < cut), facts.keep(facts.days >= cut)
    return Rehearsal(earlier, keep_latest(views.keep(views.days < cut)), later, content)


def keep_latest(facts: Facts) -> Facts:
    """Return the latest lines, about MAX_LINES: a shop of any size is rehearsed at about the same cost."""
    if len(facts) <= MAX_LINES:
        return facts
    return facts.keep(facts.days >= np.partition(facts.days, len(facts) - MAX_LINES)[len(facts) - MAX_LINES])


def find_cut(facts: Facts) -> float:
    """Return the day where the last fifth of the lines begins."""
    return float(np.quantile(facts.days, 1 - LATER_SHARE)) if len(facts) else 0.0
