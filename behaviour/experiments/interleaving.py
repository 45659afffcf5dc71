"""Two rankings in one list: who clicks chooses between them, and no visitor is compared with another. Pure.

Team-draft interleaving: Radlinski, Kurup and Joachims, How does clickthrough data reflect retrieval quality?, CIKM
2008, algorithm 2. Chapelle, Joachims, Radlinski and Yue, Large-scale validation and analysis of interleaved search
evaluation, TOIS 30 (2012), say how it compares with A/B tests.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


def draft_teams(
    first: Sequence[Item], second: Sequence[Item], *, limit: int, toss: Callable[[], int]
) -> list[tuple[Item, int]]:
    """Return up to `limit` items, each with the ranking (0 or 1) that it stands for.

    The team with fewer members picks its best item that is not there yet; where both have as many, `toss` (0 or 1)
    says who. A ranking that has no more leaves the rest to the other.
    """
    drafted: dict[Item, int] = {}
    sizes = [0, 0]
    while len(drafted) < limit:
        left = [next((item for item in ranking if item not in drafted), None) for ranking in (first, second)]
        if left[0] is None and left[1] is None:
            break
        team = toss() if sizes[0] == sizes[1] else int(sizes[1] < sizes[0])
        picked = left[team]
        if picked is None:
            team = 1 - team
            picked = left[team]
        assert picked is not None
        drafted[picked] = team
        sizes[team] += 1
    return list(drafted.items())
