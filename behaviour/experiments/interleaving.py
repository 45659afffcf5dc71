"""Two rankings in one list: who clicks chooses between them, and no visitor is compared with another. Pure.

Team-draft interleaving: Radlinski, Kurup and Joachims, How does clickthrough data reflect retrieval quality?, CIKM
2008, algorithm 2. Chapelle, Joachims, Radlinski and Yue, Large-scale validation and analysis of interleaved search
evaluation, TOIS 30 (2012), say how it compares with A/B tests.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import chain
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


def draft_teams(
    first: Sequence[Item], second: Sequence[Item], *, limit: int, toss: Callable[[], int]
) -> list[tuple[Item, int | None]]:
    """Return up to `limit` items, each with the ranking (0 or 1) that it stands for; None, always at the end: neither.

    The team with fewer members picks its best item that is not there yet; where both have as many, `toss` (0 or 1)
    says who. The contest ends where one has nothing to answer with, so that no ranking wins by being longer: a pick
    that was not answered, and what is left of the other, are shown and stand for nobody.
    """
    drafted: dict[Item, int | None] = {}
    sizes = [0, 0]
    while len(drafted) < limit:
        left = [next((item for item in ranking if item not in drafted), None) for ranking in (first, second)]
        is_even = sizes[0] == sizes[1]
        if is_even and None in left:
            break
        team = toss() if is_even else int(sizes[1] < sizes[0])
        picked = left[team]
        if picked is None:
            drafted[next(reversed(drafted))] = None
            break
        drafted[picked] = team
        sizes[team] += 1
    for item in chain(first, second):
        if len(drafted) < limit:
            drafted.setdefault(item, None)
    return list(drafted.items())
