"""The strategies: what each compares, what it requires of a product, and what it says about why one is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from api.declarations import describe_choices
from api.problems import RequestError
from catalog.conditions import IN_STOCK, Condition
from recommendations.anchors import Anchor

PRICE_BAND = Decimal("0.3")  # substitutes cost at most this share more or less than the anchor
LATER = ("bundle", "personal", "trending")  # need behaviour data


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
class Strategy:
    """One way to recommend. `modality` is what is compared; None: nothing, products are listed in `order`."""

    name: str
    reason: Any  # a text, translated when it is said
    modality: str | None = "fused"
    order: str = ""
    other_groups: bool = False  # never another variant of the anchor, whatever is asked for
    conditions: Callable[[Sequence[Anchor]], list[Condition]] = no_conditions


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        Strategy(name="similar", reason=gettext_lazy("Similar to {anchors}")),
        Strategy(
            name="substitutes",
            reason=gettext_lazy("In stock, at a similar price, and similar to {anchors}"),
            other_groups=True,
            conditions=can_stand_in,
        ),
        Strategy(name="visual", reason=gettext_lazy("Looks like {anchors}"), modality="image"),
        Strategy(name="textual", reason=gettext_lazy("Described like {anchors}"), modality="text"),
        Strategy(
            name="recent",
            reason=gettext_lazy("Recently added"),
            modality=None,
            order="recent",
            conditions=in_their_categories,
        ),
        Strategy(
            name="popular",
            reason=gettext_lazy("Well stocked, which stands in for popularity until there are sales to count"),
            modality=None,
            order="popular",
            conditions=in_their_categories,
        ),
    )
}


def find_strategy(name: str) -> Strategy:
    """Return the strategy. Raises RequestError when there is none of that name, or not yet."""
    if name in LATER:
        said = gettext("%(name)s is not available yet. Available: %(names)s.")
        raise RequestError("strategy", said % {"name": name, "names": ", ".join(STRATEGIES)})
    if name not in STRATEGIES:
        raise RequestError("strategy", describe_choices(name, known=STRATEGIES))
    return STRATEGIES[name]
