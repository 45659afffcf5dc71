"""What follows from a checked request: the retrieval, which asks the database, and the reranking, which orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.conf import settings

from api.problems import RequestError
from catalog.conditions import IN_STOCK, Condition
from embeddings.fusion.similarity_scale import AS_IT_IS, SimilarityScale
from recommendations.anchors import Start, fuse_anchors
from recommendations.requests import Filters, ListRequest, Options
from recommendations.rerank import Reranking
from recommendations.rules import RuleSet
from recommendations.statements import MAX_ROWS, Retrieval
from recommendations.strategies import VISITOR, Asked, Brought
from recommendations.visitors import History

NEAR_DUPLICATE_COSINE = 0.995  # colours of one design reach 0.96 in homeware, the same listing twice 1
NEAR_DUPLICATE_SIMILARITY = 0.97  # as a scale shows it: in homeware's default space the same


def choose_out_of_stock(options: Options) -> str:
    """Return what becomes of what is sold out: as asked for, else as the setting says."""
    return options.out_of_stock or str(settings.KINDRED_OUT_OF_STOCK)


def build_retrieval(request: ListRequest, start: Start) -> Retrieval:
    """Return what to ask the database for."""
    options, anchors, rules = request.options, start.anchors, start.rules
    groups = tuple(sorted({anchor.variant_group for anchor in anchors} - {""}))
    known = start.history if request.hides_known else History()
    brought = ask_strategy(request.plan.bring, request, start)
    lift = ask_strategy(request.plan.lift, request, start)
    is_scored = bool((request.plan.modality and not lift) or (brought and not brought.is_ranking))  # each row by itself
    latest = known.latest if request.plan.needs == VISITOR else ()  # they have just seen it
    conditions = request.plan.conditions(anchors)
    if choose_out_of_stock(options) == "hidden":
        conditions = [*conditions, Condition("stock", IN_STOCK)]
    collapse = options.variants == "collapse"
    return Retrieval(
        limit=max(rows_to_fetch(request, rules), 5 * request.limit if lift else 0),
        cards=request.limit + 1 if is_scored and shows_best_of_groups(request, rules) else None,
        filters=request.filters,
        space_id=start.space.space_id if start.space else 0,
        dim=start.space.dims[request.modality] if start.space else 0,
        modality=request.modality,
        indexed=start.space.indexed if start.space else None,
        products=start.space.products if start.space else 0,
        metric=options.metric,
        scale=scale_of(start, options),
        vector=query_vector(request, start),
        category_ids=tuple(sorted({anchor.category_id for anchor in anchors if anchor.category_id is not None})),
        hidden_ids=(
            *(anchor.product_id for anchor in anchors),
            *options.page.shown_ids,
            *known.hidden_ids,
            *(interest.product_id for interest in latest),
        ),
        hidden_groups=(*(groups if collapse or request.plan.other_groups else ()), *known.hidden_groups),
        shown_ids=options.page.shown_ids if collapse else (),
        only_groups=groups if options.variants == "only" else None,
        conditions=tuple(conditions),
        excludes=rules.excludes,
        placed_ids=rules.placed_ids,
        exact=options.exact,
        with_vectors=bool(options.diversity) or options.near_duplicates == "hide",
        weights=rules.weights,
        brought=brought,
        lift=lift,
        sold_out_last=choose_out_of_stock(options) == "last",
    )


def ask_strategy(ask: Callable[[Asked], Brought | None] | None, request: ListRequest, start: Start) -> Brought | None:
    """Return what the strategy brings or lifts; None where it does not, or has nothing to go by."""
    if ask is None:
        return None
    options = request.options
    return ask(
        Asked(
            anchors=start.anchors,
            weights=options.weights,
            history=start.history,
            is_strict=options.strict,
            is_own=options.history == "own",
            facts=start.facts,
        )
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
    if options.max_per_brand or options.max_per_category:
        rows = max(rows, 5 * limit)
    if request.plan.bring and rules.weights:
        rows = MAX_ROWS  # few are brought, and any of them may be lifted
    return min(rows, MAX_ROWS)


def shows_best_of_groups(request: ListRequest, rules: RuleSet) -> bool:
    """Whether nothing but variants comes between what is near and what is shown: then the rest needs no cards."""
    options = request.options
    caps = options.max_per_brand or options.max_per_category
    reorders = (
        caps or options.near_duplicates == "hide" or options.diversity or options.price_proximity or rules.weights
    )
    return options.variants == "collapse" and not reorders and not rules.placed_ids


def build_reranking(
    limit: int, filters: Filters, options: Options, *, start: Start | None = None, scale: SimilarityScale = AS_IT_IS
) -> Reranking:
    """Return how to order what was found, with the anchors and rules of `start` where there are any.

    `scale`: what similarities of what was found are shown as.
    """
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
        anchor_ids=frozenset(anchor.product_id for anchor in start.anchors) if start else frozenset(),
        near_duplicate_similarity=limit_of_duplicates(scale) if hide else None,
        scale=scale,
        diversity=options.diversity,
        max_per_brand=options.max_per_brand,
        max_per_category=options.max_per_category,
        price_weight=options.price_proximity,
        anchor_price=price,
        anchor_currency=currency,
        out_of_stock=choose_out_of_stock(options),
        rules=start.rules if start else RuleSet(),
    )


def scale_of(start: Start, options: Options) -> SimilarityScale:
    """Return what similarities of the list are shown as; those by other metrics than cosine are shown as they are."""
    return start.space.scale if start.space and options.metric == "cosine" else AS_IT_IS


def limit_of_duplicates(scale: SimilarityScale) -> float:
    """Return the similarity from which on two listings are one product listed twice."""
    return NEAR_DUPLICATE_SIMILARITY if scale.is_fitted else NEAR_DUPLICATE_COSINE


def anchor_price(start: Start) -> tuple[Decimal | None, str]:
    """Return the mean price of the anchors and its currency; none where they have no price or several currencies."""
    priced = [(anchor.price, anchor.currency) for anchor in start.anchors if anchor.price]
    currencies = {currency for _, currency in priced}
    if len(currencies) != 1:
        return None, ""
    return sum((price for price, _ in priced if price), Decimal(0)) / len(priced), currencies.pop()
