"""What becomes of a search that too little meets: its least certain readings filter no more, and it says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from recommendations.recommendation_list import PLACED, Reason
from recommendations.requests import Filters, Options
from recommendations.search.conditions import filter_by, is_filter, lift_by
from recommendations.search.folding import is_chinese, split
from recommendations.search.learned import NOTHING_LEARNED, Learned
from recommendations.search.plan import FULL_TEXT, RELEVANCE, RankedSearch, SearchPlan
from recommendations.search.queries import AnsweredQuery
from recommendations.search.rules import SearchRules
from recommendations.search.understanding import DOUBTFUL, Reading, Understanding

# What is given up first, and what with it next. What is not wanted never is, nor the kind of thing that was named: who
# asks for a vase wants no mug instead.
GIVEN_UP = (("measure", "attribute", "collection", "colour"), ("brand", "price"))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Everything that is known of a search by words."""

    text: str
    understood: Understanding
    query: AnsweredQuery | None
    mode: str
    limit: int
    filters: Filters
    options: Options
    sort: str = RELEVANCE
    rules: SearchRules = SearchRules()  # of staff
    corrected: str = ""  # what was read instead of what was written
    degraded: bool = False
    with_facets: bool = False
    learned: Learned = NOTHING_LEARNED

    @property
    def is_by_words(self) -> bool:
        """Whether words alone were asked for: then whatever has them is meant, wherever it has them."""
        return self.mode == FULL_TEXT and not self.degraded


def relaxed(asked: Asked) -> tuple[SearchPlan, RankedSearch, frozenset[str]]:
    """Search with all readings, and with fewer while nothing meets them; return the keys of those given up as well."""
    for step in list_steps(asked.understood.readings):
        readings, given_up = step
        plan = make_plan(asked, readings)
        found = plan.rank(asked.filters, asked.options)
        if any(one.source != PLACED for one in found.ranked.shown) or asked.options.page.shown_ids:
            break
    return plan, found, given_up


def list_steps(readings: Sequence[Reading]) -> Iterator[tuple[list[Reading], frozenset[str]]]:
    """Yield the readings, with more and more of them as wishes only, and the keys of these."""
    yield list(readings), frozenset()
    wishes: set[str] = set()
    for kinds in GIVEN_UP:
        more = {one.key for one in readings if one.kind in kinds and one.is_sure and not one.is_negated}
        if more:
            wishes |= more
            softened = [replace(one, weight=DOUBTFUL) if one.key in wishes else one for one in readings]
            yield softened, frozenset(wishes)


def as_wishes(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings as wishes only, for what is near: all but what is not wanted."""
    return [one if one.is_negated else replace(one, weight=DOUBTFUL) for one in readings]


def make_plan(asked: Asked, readings: Sequence[Reading]) -> SearchPlan:
    return SearchPlan(
        text=asked.text,
        mode=asked.mode,
        query=asked.query,
        modality="text",
        limit=asked.limit,
        words=list_units(asked.understood),
        conditions=filter_by(readings),
        lifted=lift_by(readings),
        met=tuple(Reason("reading", reading.label) for reading in readings if is_filter(reading)),
        order=asked.understood.order,
        sort=asked.sort,
        rules=asked.rules.in_lists,
        floor=None if any(map(names_things, readings)) else asked.learned.floor,
        picture_weight=asked.learned.picture_weight,
    )


def names_things(reading: Reading) -> bool:
    """Whether it says what is wanted, not what it is to be like: all that meets it is what was asked for."""
    return reading.is_sure and not reading.is_negated and reading.kind in ("category", "brand", "collection")


def list_units(understood: Understanding) -> list[list[str]]:
    """Return what is to be searched for by words: each with what stands for it in the catalogue."""
    units, left = [], f" {understood.rest} "
    for phrase, others in understood.alternatives.items():
        if phrase in left:
            left = left.replace(phrase, " ", 1)
            units.append([phrase, *others])
    words = [token.text for token in split(left)]
    return units + [[word] for word in words if len(word) > 1 or is_chinese(word) or word.isdigit()]
