"""A list without a rule and with it: what moved, what is new, what is gone, and how much that is."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from catalog.models import Product
from recommendations.recommendation_list import Recommendation, RecommendationList

STAYS, UP, DOWN, NEW, GONE = "stays", "up", "down", "new", "gone"


@dataclass(frozen=True)
class Place:
    """One card of a list, with what becomes of it, and by how many places where it moves."""

    item: Recommendation
    change: str
    places: int = 0


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The list of one product without the rule and with it. `applies`: the rule is in force in that list."""

    anchor: Product
    before: RecommendationList
    after: RecommendationList
    applies: bool

    @property
    def without(self) -> list[Place]:
        """What is shown without the rule; what is shown no more is marked."""
        kept = positions(self.after)
        return [Place(item, STAYS if item.candidate.product_id in kept else GONE) for item in self.before]

    @property
    def with_it(self) -> list[Place]:
        """What is shown with the rule, and where it was."""
        was = positions(self.before)
        return [_place(item, was.get(item.candidate.product_id)) for item in self.after]

    @property
    def changes(self) -> bool:
        return list(positions(self.before)) != list(positions(self.after))

    @property
    def touch(self) -> float:
        return measure_touch(positions(self.before), positions(self.after))


def _place(item: Recommendation, was: int | None) -> Place:
    if was is None:
        return Place(item, NEW)
    moved = was - item.position
    return Place(item, UP if moved > 0 else DOWN if moved else STAYS, abs(moved))


def positions(shown: RecommendationList) -> dict[int, int]:
    """Return product id -> position, in order."""
    return {item.candidate.product_id: item.position for item in shown}


def weigh(position: float) -> float:
    """How much a position counts, 1 for the first: the discount of DCG (Järvelin and Kekäläinen, TOIS 2002)."""
    return 1 / log2(1 + position)


def measure_touch(before: dict[int, int], after: dict[int, int]) -> float:
    """Return how much a list changes: what each product gains or loses in weight, summed; 0 where nothing moves."""
    nowhere = float("inf")
    return sum(
        abs(weigh(before.get(one, nowhere)) - weigh(after.get(one, nowhere))) for one in before.keys() | after.keys()
    )
