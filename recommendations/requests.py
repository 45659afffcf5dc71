"""A checked request: what a caller asks for, and the search and the reranking that follow from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings

from api.problems import RequestError
from recommendations.anchors import MODALITIES, Start, fuse_anchors
from recommendations.filters import Filters
from recommendations.rerank import OUT_OF_STOCK, VARIANTS, Reranking
from recommendations.rules import ActiveRule, RuleSet
from recommendations.statements import IN_STOCK, METRICS, Search
from recommendations.strategies import Strategy

MAX_LIMIT = 100
MAX_ANCHORS = 50
MAX_SHOWN = 500  # recommendations that one list can be paged through
MAX_WEIGHT = 1000  # of an anchor
NEAR_DUPLICATES = ("show", "hide")


@dataclass(frozen=True, slots=True)
class Page:
    """What earlier pages of the same list have shown. The next page is the best of the rest."""

    shown_ids: tuple[int, ...] = ()
    recommendation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to search and rerank. The defaults are those of every endpoint."""

    modality: str | None = None  # None: what the strategy compares
    metric: str = "cosine"
    exact: bool = False
    variants: str = "collapse"
    diversity: float = 0.0  # 0: by similarity alone, 1: by difference alone
    near_duplicates: str = "show"
    price_proximity: float = 0.0  # 0: price plays no part, 1: it alone decides
    out_of_stock: str | None = None  # None: the setting KINDRED_OUT_OF_STOCK
    fallback: bool | None = None  # None: fill, unless a minimum similarity is asked for
    explain: bool = False
    inactive_anchors: bool = True  # False: products that are not for sale are unknown, as shoppers know it
    page: Page = Page()
    weights: Mapping[str, float] = field(default_factory=dict)  # of anchors, by SKU; 1 where nothing is said
    rules: tuple[ActiveRule, ...] | None = None  # None: those in force; staff preview others

    def check(self) -> None:
        """Raise RequestError for the first choice that does not exist."""
        choices = {
            "modality": (self.modality, (*MODALITIES, None)),
            "metric": (self.metric, METRICS),
            "variants": (self.variants, VARIANTS),
            "near_duplicates": (self.near_duplicates, NEAR_DUPLICATES),
            "out_of_stock": (self.out_of_stock, (*OUT_OF_STOCK, None)),
        }
        for name, (value, known) in choices.items():
            if value not in known:
                raise RequestError(name, f"Unknown: {value}. Known: {', '.join(word for word in known if word)}.")
        for name, share in (("diversity", self.diversity), ("price_proximity", self.price_proximity)):
            if not 0 <= share <= 1:
                raise RequestError(name, "Has to be between 0 and 1.")
        if not all(math.isfinite(weight) and abs(weight) <= MAX_WEIGHT for weight in self.weights.values()):
            raise RequestError("weights", f"Weights have to be numbers from -{MAX_WEIGHT} to {MAX_WEIGHT}.")


def check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise RequestError("limit", f"Has to be between 1 and {MAX_LIMIT}.")


NEAR_DUPLICATE_SIMILARITY = 0.995  # cosine; colours of one design reach 0.96 in homeware, the same listing twice 1
MAX_ROWS = 900  # of one search; the index looks at no more than 1,000


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A checked request."""

    strategy: Strategy
    skus: tuple[str, ...]
    limit: int
    filters: Filters
    options: Options

    @property
    def modality(self) -> str:
        if self.strategy.name == "similar" and self.options.modality:
            return self.options.modality
        return self.strategy.modality or "fused"

    @property
    def out_of_stock(self) -> str:
        return self.options.out_of_stock or settings.KINDRED_OUT_OF_STOCK

    @property
    def may_fill(self) -> bool:
        """A minimum similarity is a wish for nothing rather than for something else, unless both are asked for."""
        if self.strategy.order or self.options.variants == "only":
            return False
        if self.options.fallback is not None:
            return self.options.fallback
        return self.filters.min_similarity is None


def build_search(wish: Wish, start: Start, rules: RuleSet) -> Search:
    """Return what to ask the database for."""
    options, anchors = wish.options, start.anchors
    groups = tuple(sorted({anchor.variant_group for anchor in anchors} - {""}))
    conditions = wish.strategy.conditions(anchors)
    if wish.out_of_stock == "hidden":
        conditions = [*conditions, (IN_STOCK, {})]
    collapse = options.variants == "collapse"
    return Search(
        limit=rows_to_fetch(wish, rules),
        filters=wish.filters,
        space_id=start.space.space_id if start.space else 0,
        dim=start.space.dims[wish.modality] if start.space else 0,
        modality=wish.modality,
        metric=options.metric,
        vector=query_vector(wish, start),
        hidden_ids=(*(anchor.product_id for anchor in anchors), *options.page.shown_ids),
        hidden_groups=groups if collapse or wish.strategy.other_groups else (),
        shown_ids=options.page.shown_ids if collapse else (),
        only_groups=groups if options.variants == "only" else None,
        conditions=tuple(conditions),
        excludes=rules.excludes,
        placed_ids=rules.placed_ids,
        exact=options.exact,
        with_vectors=bool(options.diversity) or options.near_duplicates == "hide",
        with_attributes=any(rule.attribute for rule in rules.weights),
    )


def query_vector(wish: Wish, start: Start) -> str:
    if not wish.strategy.modality:
        return ""
    try:
        return fuse_anchors(start.anchors, weights=wish.options.weights)
    except ValueError as error:
        raise RequestError("weights", str(error)) from error


def rows_to_fetch(wish: Wish, rules: RuleSet) -> int:
    """More than the limit where rerank drops some or lifts some from below; one more shows whether there are more."""
    rows = wish.limit + 1
    if wish.options.variants == "collapse":
        rows = 3 * wish.limit + 10
    if wish.options.near_duplicates == "hide":
        rows += wish.limit
    if wish.options.diversity:
        rows = max(rows, 5 * wish.limit)
    if rules.weights or wish.options.price_proximity:
        rows = max(rows, 5 * wish.limit, 100)
    return min(rows, MAX_ROWS)


def build_reranking(wish: Wish, start: Start, rules: RuleSet) -> Reranking:
    """Return how to order what was found."""
    options = wish.options
    hide = options.near_duplicates == "hide"
    price, currency = anchor_price(start)
    return Reranking(
        limit=wish.limit,
        offset=len(options.page.shown_ids),
        min_similarity=wish.filters.min_similarity,
        variants=options.variants,
        anchor_groups=frozenset(anchor.variant_group for anchor in start.anchors if anchor.variant_group),
        near_duplicate_similarity=NEAR_DUPLICATE_SIMILARITY if hide else None,
        diversity=options.diversity,
        price_weight=options.price_proximity,
        anchor_price=price,
        anchor_currency=currency,
        out_of_stock=wish.out_of_stock,
        rules=rules,
    )


def anchor_price(start: Start) -> tuple[Decimal | None, str]:
    """Return the mean price of the anchors and its currency; none where they have no price or several currencies."""
    priced = [(anchor.price, anchor.currency) for anchor in start.anchors if anchor.price]
    currencies = {currency for _, currency in priced}
    if len(currencies) != 1:
        return None, ""
    return sum((price for price, _ in priced if price), Decimal(0)) / len(priced), currencies.pop()
