"""The strategies: what each compares or brings, what it requires of a product, and what it says about why one is shown.

Other apps register theirs. Whoever lists strategies asks here each time, so that one that is registered is known to
requests, rules, the schema and the admin alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, gettext_lazy
from rest_framework import serializers

from api.declarations import ChoiceField, describe_choices
from api.field import current_field
from api.problems import RequestError
from catalog.conditions import IN_STOCK, Condition, Params
from recommendations.anchors import Anchor
from recommendations.visitors import History

PRICE_BAND = Decimal("0.3")  # substitutes cost at most this share more or less than the anchor
RECOMMENDED = gettext_lazy("Recommended products")
ANCHORS, VISITOR = "anchors", "visitor"  # what a strategy may need


def no_conditions(anchors: Sequence[Anchor]) -> list[Condition]:
    return []


def can_stand_in(anchors: Sequence[Anchor]) -> list[Condition]:
    """In stock, and priced within the band around the anchors' prices where these are known."""
    conditions = [Condition("stock", IN_STOCK)]
    priced = [anchor for anchor in anchors if anchor.price]
    if priced:
        prices = [anchor.price for anchor in priced if anchor.price is not None]
        band = (min(prices) * (1 - PRICE_BAND), max(prices) * (1 + PRICE_BAND))
        conditions.append(Condition("price", "{0} BETWEEN {1} AND {2}", band))
        conditions.append(Condition("currency", "{0} = ANY({1})", (sorted({anchor.currency for anchor in priced}),)))
    return conditions


def in_their_categories(anchors: Sequence[Anchor]) -> list[Condition]:
    """In a category of the anchors, where they have one."""
    ids = sorted({anchor.category_id for anchor in anchors if anchor.category_id is not None})
    return [Condition("category_id", "{0} = ANY({1})", (ids,))] if ids else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a strategy that brings candidates goes by."""

    anchors: Sequence[Anchor]
    weights: Mapping[str, float]  # of anchors, by SKU; 1 where nothing is said
    history: History
    is_strict: bool = False  # only what behaviour itself says
    is_own: bool = False  # nothing that others did may count
    facts: Mapping[str, Any] = field(default_factory=dict)  # what other apps have registered, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """Rows that a strategy brings, as SQL: `product_id`, `score` (above 0), `share` and `because`.

    `share` is how much of the score is behaviour, the rest content; `because` is the product that led to it, or null.
    `is_ranking`: any number of rows, `product_id` and `place` alone, of which as many are read as are shown.
    Its parameters are named apart from all others: `bring_...`.
    """

    sql: str
    params: Params = field(default_factory=dict)
    is_ranking: bool = False
    weight: float = 0.0  # of the best of what lifts others, beside a similarity of 1
    first: str = ""  # of a ranking: rows of the same kind, a few that come before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """Why a product was brought: by what, and how much of it is behaviour."""

    title: str  # of the product that led to it; empty: none in particular
    share: float
    is_bought: bool = False  # whether the visitor bought that product


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One way to recommend: it compares a `modality`, lists in an `order`, or brings candidates; one that does nothing
    of these shows what rules place."""

    name: str
    reason: Any  # a text, translated when it is said
    title: Any = RECOMMENDED  # what its list is headed with on a shop's page
    needs: str = ""  # ANCHORS or VISITOR; empty: neither, though it goes by what is given
    modality: str | None = None
    order: str = ""
    other_groups: bool = False  # never another variant of the anchor, whatever is asked for
    conditions: Callable[[Sequence[Anchor]], list[Condition]] = no_conditions
    bring: Callable[[Asked], Brought | None] | None = None
    lift: Callable[[Asked], Brought | None] | None = None  # what comes nearer of what is compared
    explain: Callable[[Because], str] | None = None  # of what was brought; None: the reason
    fills: bool = True  # whether a list that is short is filled up unasked
    part: str = ""  # of a field (`hidden` in api/field.py), without which staff have no such list
    hides_known: bool = False  # whether what the visitor bought, has in the cart or put away is left out unasked

    @property
    def shown_title(self) -> str:
        """What stands above its lists, in the language of the moment: as the field calls them, else its title."""
        return current_field().heading_of(self.name) or str(self.title)

    @property
    def is_had(self) -> bool:
        """Whether the field has such lists: it says what they are called, or hides nothing that they need."""
        field = current_field()
        return bool(field.heading_of(self.name)) or self.part not in field.hidden


STRATEGIES: dict[str, Strategy] = {}


def register_strategy(strategy: Strategy) -> None:
    """Make it known to everything that lists strategies. One that is registered under a known name takes its place."""
    STRATEGIES[strategy.name] = strategy


for strategy in (
    Strategy(
        name="similar",
        title=gettext_lazy("Similar products"),
        reason=gettext_lazy("Similar to {anchors}"),
        needs=ANCHORS,
        modality="fused",
    ),
    Strategy(
        name="substitutes",
        part="stock",
        title=gettext_lazy("Similar products in stock"),
        reason=gettext_lazy("In stock, at a similar price, and similar to {anchors}"),
        needs=ANCHORS,
        modality="fused",
        other_groups=True,
        conditions=can_stand_in,
    ),
    Strategy(
        name="visual",
        title=gettext_lazy("Looks alike"),
        reason=gettext_lazy("Looks like {anchors}"),
        needs=ANCHORS,
        modality="image",
    ),
    Strategy(
        name="textual",
        title=gettext_lazy("Similar products"),
        reason=gettext_lazy("Described like {anchors}"),
        needs=ANCHORS,
        modality="text",
    ),
    Strategy(
        name="complements",
        title=gettext_lazy("Goes with it"),
        reason=gettext_lazy("Goes with {anchors}"),
        needs=ANCHORS,
        fills=False,
    ),
    Strategy(
        name="recent",
        title=gettext_lazy("New products"),
        reason=gettext_lazy("Recently added"),
        order="recent",
        conditions=in_their_categories,
    ),
    Strategy(
        name="popular",
        title=gettext_lazy("Popular products"),
        reason=gettext_lazy("Well stocked, which stands in for popularity until there are sales to count"),
        order="popular",
        conditions=in_their_categories,
    ),
):
    register_strategy(strategy)


def find_strategy(name: str) -> Strategy:
    """Return the strategy. Raises RequestError when there is none of that name."""
    if name not in STRATEGIES:
        raise RequestError("strategy", describe_choices(name, known=sorted(STRATEGIES)))
    return STRATEGIES[name]


def list_strategies() -> list[tuple[str, str]]:
    """Return the names of all, as choices."""
    return [(name, name) for name in sorted(STRATEGIES)]


def name_strategies() -> list[tuple[str, str]]:
    """Return all as choices of a form: by what shoppers see above such a list, and by name, as two have one title."""
    found = (STRATEGIES[name] for name in sorted(STRATEGIES))
    return [(one.name, f"{one.shown_title} ({one.name})") for one in found if one.is_had]


def list_shared_strategies() -> list[tuple[str, str]]:
    """Return the names of those whose lists are for no visitor in particular, as choices."""
    return [(name, name) for name in sorted(STRATEGIES) if STRATEGIES[name].needs != VISITOR]


class StrategyField(ChoiceField):
    """The name of a strategy that is registered when it is asked for. `shared`: of one that needs no visitor."""

    def __init__(self, *, shared: bool = False, **kwargs: Any) -> None:
        self.shared = shared
        super().__init__(choices=(), **kwargs)

    @property
    def choices(self) -> dict[str, str]:
        return dict(list_shared_strategies() if self.shared else list_strategies())

    @choices.setter
    def choices(self, choices: Any) -> None:
        """Nobody says which there are but the registry."""

    def to_internal_value(self, data: Any) -> str:
        name = str(data)
        if name in STRATEGIES and name not in self.choices:
            raise serializers.ValidationError(say_needs_visitor(name), code="needs_visitor")
        if name not in STRATEGIES:
            self.fail("invalid_choice", input=data)
        return name

    def to_representation(self, value: Any) -> Any:
        return value


def say_needs_visitor(name: str) -> str:
    said = gettext(
        "The strategy %s is for a visitor: ask by POST recommendations/, with user_id, session_id or recent."
    )
    return said % name
