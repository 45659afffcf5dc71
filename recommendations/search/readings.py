"""What a phrase may mean, and what it was read as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from catalog.conditions import is_below

SURE = 0.9  # a reading as sure as this is a filter; below it is an order


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One meaning that a phrase has in the catalogue, as a row of `SearchTerm`."""

    text: str
    kind: str
    name: str = ""
    value: str
    label: str
    weight: float = 1.0
    products: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What some words of a query were understood as.

    Of several `values` one has to hold. `low` and `high` bound a price or a measure, whose `unit` is "",
    cm, ml, g or w.
    `is_negated`: products that are so are unwanted.
    """

    kind: str  # category, colour, attribute, collection, brand, price, measure, word
    words: str  # of the query
    label: str
    values: tuple[tuple[str, str], ...] = ()  # each with the attribute's name, empty for all else
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""
    weight: float = 1.0  # how sure it is: below SURE it orders and does not filter
    is_negated: bool = False

    @property
    def key(self) -> str:
        """What names it in a request that does not want it: `colour:blue`, `not:colour:white`, `price:under 15`."""
        said = "|".join(f"{name}={value}" if name else value for name, value in self.values) or self.words
        return ":".join(filter(None, ("not" if self.is_negated else "", self.kind, said)))

    @property
    def is_sure(self) -> bool:
        return self.weight >= SURE


def join_alike(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings with those as one of which no product can meet both: "red or blue mug", "mugs and cups"."""
    joined: list[Reading] = []
    for reading in readings:
        place = next((n for n, known in enumerate(joined) if is_alternative(known, reading)), None)
        if place is None:
            joined.append(reading)
        else:
            joined[place] = both(joined[place], reading)
    return joined


def is_alternative(one: Reading, other: Reading) -> bool:
    if one.kind != other.kind or one.is_sure != other.is_sure or not one.values or not other.values:
        return False
    if one.is_negated or other.is_negated:
        return False
    if one.kind == "category":  # "women" and "tees" is what is both
        pairs = [(a, b) for _, a in one.values for _, b in other.values]
        return not any(is_below(a, b) or is_below(b, a) for a, b in pairs)
    return bool({name for name, _ in one.values} & {name for name, _ in other.values})


def both(one: Reading, other: Reading) -> Reading:
    return replace(
        one,
        words=f"{one.words} {other.words}",
        label=" / ".join(dict.fromkeys([*one.label.split(" / "), *other.label.split(" / ")])),
        values=tuple(dict.fromkeys([*one.values, *other.values])),
        weight=min(one.weight, other.weight),
    )
