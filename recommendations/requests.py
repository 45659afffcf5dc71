"""A checked request for a list, and the retrieval and the reranking that follow from it.

What may be asked for is declared here once, with the filters of `catalog.filters` and the strategies: the declarations
check Python callers and requests alike, and document the REST API.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext
from rest_framework import serializers

from api.declarations import ChoiceField, Declared, NumberField, TextsField, WholeNumberField, parameter
from api.problems import RequestError
from catalog import filters
from catalog.conditions import IN_STOCK, Condition
from embeddings.models import Modality
from recommendations.anchors import Start, fuse_anchors
from recommendations.distances import METRICS
from recommendations.rerank import OUT_OF_STOCK, VARIANTS, Reranking
from recommendations.rules import MAX_PLACEMENT_LENGTH, ListKind, RuleSet
from recommendations.statements import MAX_ROWS, Retrieval
from recommendations.strategies import STRATEGIES, Strategy, find_strategy

MAX_LIMIT = 100
MAX_ANCHORS = 50
MAX_SHOWN = 500  # recommendations that one list can be paged through
MAX_WEIGHT = 1000  # of an anchor
NEAR_DUPLICATES = ("show", "hide")
NEAR_DUPLICATE_SIMILARITY = 0.995  # cosine; colours of one design reach 0.96 in homeware, the same listing twice 1


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
            Modality.values, required=False, help_text="What is compared; only for the strategy similar. Default: fused"
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
            help_text="Fill up with popular and recent products. Default: true, but false with min_similarity",
        )
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

    strategy: str = parameter(ChoiceField(sorted(STRATEGIES), default="similar"))
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

    def __post_init__(self) -> None:
        find_strategy(self.strategy)  # says of those that are planned that they are
        Declared.__post_init__(self)
        if strangers := [sku for sku in self.options.weights if sku not in self.anchors]:
            raise RequestError(
                "weights", gettext("%s: no such anchor. Weights are of anchors.") % ", ".join(strangers[:10])
            )
        if self.plan.modality and not self.anchors:
            raise RequestError("anchors", gettext("The strategy %s needs at least one anchor.") % self.strategy)

    @property
    def plan(self) -> Strategy:
        """What the strategy compares and requires."""
        return find_strategy(self.strategy)

    @property
    def modality(self) -> str:
        if self.strategy == "similar" and self.options.modality:
            return self.options.modality
        return self.plan.modality or "fused"

    @property
    def kind(self) -> ListKind:
        return ListKind(self.strategy, self.options.placement)

    @property
    def may_fill(self) -> bool:
        """A minimum similarity is a wish for nothing rather than for something else, unless both are asked for."""
        if self.plan.order or self.options.variants == "only":
            return False
        if self.options.fallback is not None:
            return self.options.fallback
        return self.filters.min_similarity is None


def choose_out_of_stock(options: Options) -> str:
    """Return what becomes of what is sold out: as asked for, else as the setting says."""
    return options.out_of_stock or str(settings.KINDRED_OUT_OF_STOCK)


def build_retrieval(request: ListRequest, start: Start) -> Retrieval:
    """Return what to ask the database for."""
    options, anchors, rules = request.options, start.anchors, start.rules
    groups = tuple(sorted({anchor.variant_group for anchor in anchors} - {""}))
    conditions = request.plan.conditions(anchors)
    if choose_out_of_stock(options) == "hidden":
        conditions = [*conditions, Condition("stock", IN_STOCK)]
    collapse = options.variants == "collapse"
    return Retrieval(
        limit=rows_to_fetch(request, rules),
        cards=request.limit + 1 if shows_best_of_groups(request, rules) else None,
        filters=request.filters,
        space_id=start.space.space_id if start.space else 0,
        dim=start.space.dims[request.modality] if start.space else 0,
        modality=request.modality,
        indexed=start.space.indexed if start.space else None,
        products=start.space.products if start.space else 0,
        metric=options.metric,
        vector=query_vector(request, start),
        category_ids=tuple(sorted({anchor.category_id for anchor in anchors if anchor.category_id is not None})),
        hidden_ids=(*(anchor.product_id for anchor in anchors), *options.page.shown_ids),
        hidden_groups=groups if collapse or request.plan.other_groups else (),
        shown_ids=options.page.shown_ids if collapse else (),
        only_groups=groups if options.variants == "only" else None,
        conditions=tuple(conditions),
        excludes=rules.excludes,
        placed_ids=rules.placed_ids,
        exact=options.exact,
        with_vectors=bool(options.diversity) or options.near_duplicates == "hide",
        weights=rules.weights,
    )


def query_vector(request: ListRequest, start: Start) -> str:
    if not request.plan.modality:
        return ""
    try:
        return fuse_anchors(start.anchors, weights=request.options.weights)
    except ValueError as error:
        raise RequestError("weights", str(error)) from error


def rows_to_fetch(request: ListRequest, rules: RuleSet) -> int:
    """More than the limit where rerank drops some or lifts some from below; one more shows whether there are more."""
    limit, options = request.limit, request.options
    rows = limit + 1
    if options.variants == "collapse":
        rows = 3 * limit + 10
    if options.near_duplicates == "hide":
        rows += limit
    if options.diversity:
        rows = max(rows, 5 * limit)
    if options.price_proximity:
        rows = max(rows, 5 * limit, 100)
    return min(rows, MAX_ROWS)


def shows_best_of_groups(request: ListRequest, rules: RuleSet) -> bool:
    """Whether nothing but variants comes between what is near and what is shown: then the rest needs no cards."""
    options = request.options
    reorders = options.near_duplicates == "hide" or options.diversity or options.price_proximity or rules.weights
    return options.variants == "collapse" and not reorders and not rules.placed_ids and not request.plan.order


def build_reranking(limit: int, filters: Filters, options: Options, *, start: Start | None = None) -> Reranking:
    """Return how to order what was found, with the anchors and rules of `start` where there are any."""
    hide = options.near_duplicates == "hide"
    price, currency = anchor_price(start) if start else (None, "")
    return Reranking(
        limit=limit,
        offset=len(options.page.shown_ids),
        min_similarity=filters.min_similarity,
        variants=options.variants,
        anchor_groups=frozenset(anchor.variant_group for anchor in start.anchors if anchor.variant_group)
        if start
        else frozenset(),
        near_duplicate_similarity=NEAR_DUPLICATE_SIMILARITY if hide else None,
        diversity=options.diversity,
        price_weight=options.price_proximity,
        anchor_price=price,
        anchor_currency=currency,
        out_of_stock=choose_out_of_stock(options),
        rules=start.rules if start else RuleSet(),
    )


def anchor_price(start: Start) -> tuple[Decimal | None, str]:
    """Return the mean price of the anchors and its currency; none where they have no price or several currencies."""
    priced = [(anchor.price, anchor.currency) for anchor in start.anchors if anchor.price]
    currencies = {currency for _, currency in priced}
    if len(currencies) != 1:
        return None, ""
    return sum((price for price, _ in priced if price), Decimal(0)) / len(priced), currencies.pop()
