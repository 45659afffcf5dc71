"""A checked request for a list. What follows from it is in `planning`.

What may be asked for is declared here once, with the filters of `catalog.filters` and the strategies: the declarations
check Python callers and requests alike, and document the REST API.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext
from rest_framework import serializers

from api.declarations import ChoiceField, Declared, NumberField, TextsField, WholeNumberField, parameter
from api.problems import RequestError
from catalog import filters
from embeddings.modalities.registry import list_searched
from recommendations.distances import METRICS
from recommendations.rerank import OUT_OF_STOCK, VARIANTS
from recommendations.rules import MAX_PLACEMENT_LENGTH, ListKind
from recommendations.strategies import (
    ANCHORS,
    STRATEGIES,
    VISITOR,
    Strategy,
    StrategyField,
    find_strategy,
    say_needs_visitor,
)
from recommendations.visitors import Visitor

MAX_LIMIT = 100
MAX_ANCHORS = 50
MAX_SHOWN = 500  # recommendations that one list can be paged through
MAX_WEIGHT = 1000  # of an anchor
NEAR_DUPLICATES = ("show", "hide")
HISTORIES = ("all", "own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters(filters.Filters):
    """The filters of products, and how similar they have to be at least, which rerank sees to."""

    min_similarity: float | None = parameter(
        NumberField(-1, 1, required=False, help_text="At least so similar to the anchor")
    )


@dataclass(frozen=True, slots=True)
class Page:
    """What earlier pages of the same list have shown. The next page is the best of the rest."""

    shown_ids: tuple[int, ...] = ()
    recommendation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Declared):
    """How to search and rerank. The defaults are those of every endpoint."""

    modality: str | None = parameter(
        ChoiceField(
            list_searched(), required=False, help_text="What is compared; only for the strategy similar. Default: fused"
        )
    )
    metric: str = parameter(
        ChoiceField(METRICS, default="cosine", help_text="The distance. pearson orders what cosine finds")
    )
    exact: bool = parameter(
        serializers.BooleanField(default=False, help_text="true: compare every product, never use the index")
    )
    variants: str = parameter(
        ChoiceField(
            VARIANTS,
            default="collapse",
            help_text="collapse: one of each variant group, none of the anchors' own; show: all; "
            "only: the anchors' own",
        )
    )
    diversity: float = parameter(
        NumberField(0, 1, default=0, help_text="0: by similarity alone; 1: by difference alone")
    )
    near_duplicates: str = parameter(
        ChoiceField(NEAR_DUPLICATES, default="show", help_text="hide: leave out second listings of the same thing")
    )
    price_proximity: float = parameter(
        NumberField(0, 1, default=0, help_text="How much a price near the anchor's counts")
    )
    out_of_stock: str | None = parameter(
        ChoiceField(
            OUT_OF_STOCK, required=False, help_text="last in the list, hidden, or mixed in. Default: a setting (last)"
        )
    )
    fallback: bool | None = parameter(
        serializers.BooleanField(
            required=False,
            help_text="Fill up with products that were not compared or brought. Default: true, but false with "
            "min_similarity and for strategies that say so",
        )
    )
    strict: bool = parameter(
        serializers.BooleanField(
            default=False, help_text="true: of what behaviour brings, only what is more behaviour than content"
        )
    )
    history: str = parameter(
        ChoiceField(
            HISTORIES,
            default="all",
            help_text="own: a visitor's list is made of their own history alone, not of what others did",
        )
    )
    hide_known: bool | None = parameter(
        serializers.BooleanField(
            required=False,
            help_text="Leave out what the visitor bought lately, has in the cart or put away. Default: by strategy",
        )
    )
    max_per_brand: int | None = parameter(
        WholeNumberField(1, MAX_LIMIT, required=False, help_text="At most so many of one brand on a page")
    )
    max_per_category: int | None = parameter(
        WholeNumberField(1, MAX_LIMIT, required=False, help_text="At most so many of one category on a page")
    )
    explain: bool = parameter(
        serializers.BooleanField(default=False, help_text="true: say how much text and picture contribute")
    )
    placement: str = parameter(
        serializers.CharField(
            default="",
            allow_blank=True,
            max_length=MAX_PLACEMENT_LENGTH,
            help_text="Where the list is shown, such as widget or basket: rules can be for it",
        )
    )
    inactive_anchors: bool = True  # False: products that are not for sale are unknown, as shoppers know it
    cacheable: bool = True  # False: the list is for one caller, and is named apart from all others
    visitor: Visitor = Visitor()
    page: Page = Page()
    weights: Mapping[str, float] = field(default_factory=dict)  # of anchors, by SKU; 1 where nothing is said

    def __post_init__(self) -> None:
        Declared.__post_init__(self)
        if not all(math.isfinite(weight) and abs(weight) <= MAX_WEIGHT for weight in self.weights.values()):
            raise RequestError(
                "weights", gettext("Weights have to be numbers from -%(most)d to %(most)d.") % {"most": MAX_WEIGHT}
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest(Declared):
    """A checked request for a list of recommendations. Raises RequestError where it cannot be answered."""

    strategy: str = parameter(StrategyField(default="similar"))
    anchors: tuple[str, ...] = parameter(
        TextsField(
            "SKUs: one product, or several that are one query together, such as a cart",
            child=serializers.CharField(max_length=100),
            max_length=MAX_ANCHORS,
            may_be_empty=True,
            lone=False,
        )
    )
    limit: int = parameter(WholeNumberField(1, MAX_LIMIT, default=10))
    filters: Filters = Filters()
    options: Options = Options()
    space: str = ""  # name of the one that is searched; empty: the live one
    without_rules: bool = False
    retired: bool = False  # whether the space may be one that was served before
    experiment: str = ""  # that the list is part of, with its arm: the list says so
    arm: str = ""

    def __post_init__(self) -> None:
        Declared.__post_init__(self)
        if strangers := [sku for sku in self.options.weights if sku not in self.anchors]:
            raise RequestError(
                "weights", gettext("%s: no such anchor. Weights are of anchors.") % ", ".join(strangers[:10])
            )
        if self.plan.needs == ANCHORS and not self.anchors:
            raise RequestError("anchors", gettext("The strategy %s needs at least one anchor.") % self.strategy)
        visitor = self.options.visitor
        if self.plan.needs == VISITOR and not (visitor.is_known or visitor.is_private):
            raise RequestError("strategy", say_needs_visitor(self.strategy))
        if self.filters.min_similarity is not None and not self.is_compared:
            said = gettext("The strategy %(name)s compares nothing: min_similarity is for %(others)s.")
            others = ", ".join(name for name, plan in STRATEGIES.items() if plan.modality)
            raise RequestError("min_similarity", said % {"name": self.strategy, "others": others})

    @property
    def plan(self) -> Strategy:
        """What the strategy compares and requires."""
        return find_strategy(self.strategy)

    @property
    def is_compared(self) -> bool:
        """Whether what it shows is compared with something, and not brought or listed in another order."""
        return bool(self.plan.modality) or (self.plan.needs == VISITOR and self.options.history == "own")

    @property
    def modality(self) -> str:
        if self.strategy == "similar" and self.options.modality:
            return self.options.modality
        return self.plan.modality or "fused"

    @property
    def kind(self) -> ListKind:
        return ListKind(self.strategy, self.options.placement, self.space, self.without_rules, self.retired)

    @property
    def may_fill(self) -> bool:
        """A minimum similarity is a wish for nothing rather than for something else, unless both are asked for."""
        if self.plan.order or self.options.variants == "only":
            return False
        if self.options.fallback is not None:
            return self.options.fallback
        return self.plan.fills and self.filters.min_similarity is None

    @property
    def hides_known(self) -> bool:
        return self.plan.hides_known if self.options.hide_known is None else self.options.hide_known

    @property
    def goes_by_history(self) -> bool:
        """Whether what the visitor did changes the list."""
        return self.plan.needs == VISITOR or self.plan.hides_known or self.hides_known

    @property
    def is_shared(self) -> bool:
        """Whether it is the same list for everyone who asks for it."""
        return self.options.cacheable and not self.options.visitor.is_known
