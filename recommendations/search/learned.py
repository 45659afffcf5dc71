"""What was learned of a space for its searches, as a search reads it."""

from __future__ import annotations

from dataclasses import dataclass

from recommendations.search.floors import PICTURE, script_of
from recommendations.search.queries import AnsweredQuery
from recommendations.search.term import SearchLearning


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned for a space: the similarity from which on the meaning of a text decides alone, None where it
    never does; and how much a ranking by pictures counts."""

    floor: float | None = None
    picture_weight: float = 0.0


NOTHING_LEARNED = Learned()


def read_learned(query: AnsweredQuery | None, text: str) -> Learned:
    """Return what was learned for a query's space and the script of its text. One query."""
    if query is None:
        return NOTHING_LEARNED
    learned = SearchLearning.objects.filter(pk=1).values_list("floors", flat=True).first() or {}
    known = learned.get(str(query.space.pk), {})
    floor = known.get(script_of(text))
    return Learned(None if floor is None else float(floor), float(known.get(PICTURE, 0.0)))
