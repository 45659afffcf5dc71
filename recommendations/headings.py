"""What stands above a list: what its strategy is called or, where nothing of it is the strategy's own, what it is."""

from __future__ import annotations

from recommendations.recommendation_list import FALLBACK, RecommendationList
from recommendations.strategies import RECOMMENDED, STRATEGIES


def name_heading(shown: RecommendationList) -> str:
    """Return the heading in the language of the moment; of what no strategy made, such as a search, an empty one.

    A list that the fallback alone made is no "Others also looked at": nobody did. Further pages go on under the first.
    """
    if shown.strategy not in STRATEGIES:
        return ""
    first_page = shown.results and shown.results[0].position == 1
    if first_page and all(each.candidate.source == FALLBACK for each in shown):
        filled_by = {each.reasons[0].code for each in shown if each.reasons}
        name = filled_by.pop() if len(filled_by) == 1 else ""
        return name_strategy(name) if name in STRATEGIES else str(RECOMMENDED)
    return name_strategy(shown.strategy)


def name_strategy(name: str) -> str:
    """Return what stands above lists of a strategy: as the field calls them, else by its title."""
    return STRATEGIES[name].shown_title
