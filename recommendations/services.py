"""Recommendations: check what is asked for, retrieve, rerank. Two queries, more for a short list, no encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.anchors import Start, read_start
from recommendations.explanations.pairs import PairExplanation, explain_pairs
from recommendations.recommendation_list import (
    EMBEDDING_PENDING,
    FALLBACK,
    LISTED,
    NEIGHBOUR,
    OK,
    Candidate,
    Reason,
    RecommendationList,
    make_recommendation_id,
    number_results,
)
from recommendations.requests import (
    MAX_SHOWN,
    Filters,
    ListRequest,
    Options,
    build_reranking,
    build_retrieval,
)
from recommendations.rerank import Reranked, rerank
from recommendations.retrieval import (
    Found,
    find_fallback,
    find_further,
    find_neighbours,
    find_rest,
    list_products,
)
from recommendations.statements import MAX_ROWS, Retrieval


class UnknownAnchor(LookupError):
    """There is no product with any of the anchors' SKUs. `skus` are those."""

    def __init__(self, skus: Sequence[str]) -> None:
        super().__init__(gettext("There is no product with the SKU %s.") % ", ".join(skus))
        self.skus = tuple(skus)


def similar_products(
    anchors: Product | str | Iterable[Product | str],
    *,
    limit: int = 10,
    filters: Filters | None = None,
    options: Options | None = None,
) -> RecommendationList:
    """Return the products most similar to one product, or to several together; each a Product or a SKU.

    Raises UnknownAnchor or RequestError.
    """
    several = [anchors] if isinstance(anchors, Product | str) else list(anchors)
    return recommend("similar", anchors=several, limit=limit, filters=filters, options=options)


def recommend(
    strategy: str = "similar",
    *,
    anchors: Sequence[Product | str] = (),
    limit: int = 10,
    filters: Filters | None = None,
    options: Options | None = None,
) -> RecommendationList:
    """Return up to `limit` recommendations: fewer only where no more products may be shown.

    The status is `embedding_pending`, with nothing in the list, while no anchor has a vector to compare. Anchors that
    are not there, or not for sale, are named in `missing_anchors`, and the list is for the others.
    Raises UnknownAnchor where there is no other, or RequestError.
    """
    request = ListRequest(
        strategy=strategy,
        anchors=tuple(dict.fromkeys(anchor if isinstance(anchor, str) else anchor.sku for anchor in anchors)),
        limit=limit,
        filters=filters or Filters(),
        options=options or Options(),
    )
    start = read_start(
        request.anchors,
        modality=request.modality,
        at=timezone.now(),
        inactive=request.options.inactive_anchors,
        kind=request.kind,
    )
    if request.anchors and not start.anchors:
        raise UnknownAnchor(request.anchors)
    if request.plan.modality and (start.space is None or not any(anchor.vector for anchor in start.anchors)):
        return answer(request, start, search="exact")
    return choose(request, start)


def choose(request: ListRequest, start: Start) -> RecommendationList:
    """Search, rerank, and search on where the list came out short although there may be more.

    What is sold out is looked for where the rest does not fill the list, so that it is last in all pages together.
    """
    how = build_reranking(request.limit, request.filters, request.options, start=start)
    retrieval = build_retrieval(request, start)
    stock = (True, False) if how.out_of_stock == "last" else (None,)
    found, more = Found([], "exact", complete=True), False
    for in_stock in stock:
        before = found
        for part in search(replace(retrieval, in_stock=in_stock), request=request):
            found = before.join(part)
            reranked = rerank(found.candidates, how=how)
            if len(reranked.shown) >= request.limit:
                break
        if len(reranked.shown) >= request.limit or not found.complete:
            more = in_stock is True  # what is sold out has not been looked for
            break
    if len(reranked.shown) < request.limit and request.may_fill:
        for part in search_fallback(retrieval, request=request, start=start):
            reranked = rerank(found.join(part).candidates, how=how)
            if len(reranked.shown) >= request.limit:
                break
    more = more or reranked.more or not found.complete
    return answer(request, start, search=found.search, reranked=reranked._replace(more=more))


def search(retrieval: Retrieval, *, request: ListRequest) -> Iterator[Found]:
    """Yield what is nearest, or what comes first in the strategy's order; then, with that, what else there is."""
    order, collapse = request.plan.order, request.options.variants == "collapse"

    def find(wanted: Retrieval, *, first: bool = False) -> Found:
        if order:
            found = list_products(wanted, order=order)
        elif first or not collapse:
            found = find_neighbours(wanted if first else replace(wanted, exact=True))
        else:
            found = find_rest(wanted)
        return found.stop_at(request.filters.min_similarity)

    found = find(retrieval, first=True)
    yield found
    yield from find_further(find, widen(retrieval, request), found, collapse=collapse)


def search_fallback(retrieval: Retrieval, *, request: ListRequest, start: Start) -> Iterator[Found]:
    """Yield what fills a list up, each time more."""
    categories = [anchor.category_id for anchor in start.anchors if anchor.category_id is not None]
    yield from find_further(
        partial(find_fallback, category_ids=categories),
        replace(retrieval, limit=request.limit, cards=None),  # the best of a group is the first here, not the nearest
        Found([], "exact", complete=False),
        collapse=request.options.variants == "collapse",
    )


def widen(retrieval: Retrieval, request: ListRequest) -> Retrieval:
    """The same search for more rows."""
    return replace(retrieval, limit=min(5 * request.limit + 100, MAX_ROWS))


def answer(
    request: ListRequest,
    start: Start,
    *,
    search: str,
    reranked: Reranked | None = None,
) -> RecommendationList:
    """Return the list of what was reranked; None: no anchor has a vector to compare yet."""
    status, found = (OK, reranked) if reranked else (EMBEDDING_PENDING, Reranked([], more=False))
    page = request.options.page
    space = start.space.name if start.space else None
    reason = explain_strategy(request, start)
    shown = [put_first(reason, candidate) for candidate in found.shown]
    ids = [candidate.product_id for candidate in shown]
    return RecommendationList(
        recommendation_id=page.recommendation_id
        or make_recommendation_id(request.strategy, request.anchors, space, ids),
        strategy=request.strategy,
        anchors=tuple(anchor.sku for anchor in start.anchors),
        missing_anchors=find_missing(request, start),
        space=space,
        search=search,
        status=status,
        fallback_used=any(candidate.source == FALLBACK for candidate in shown),
        results=number_results(shown, offset=len(page.shown_ids)),
        more=found.more and len(page.shown_ids) + len(shown) < MAX_SHOWN and bool(shown),
        explanations=explain(request, start, ids) if request.options.explain else {},
    )


def find_missing(request: ListRequest, start: Start) -> tuple[str, ...]:
    """Return the anchors that the list is not for, in the order they were asked for."""
    found = {anchor.sku for anchor in start.anchors}
    return tuple(sku for sku in request.anchors if sku not in found)


def explain(request: ListRequest, start: Start, product_ids: Sequence[int]) -> dict[int, PairExplanation]:
    """Return why each product is similar to the first anchor. Three queries more, which only those who ask pay for."""
    if not request.plan.modality or start.space is None or not product_ids:
        return {}
    space = EmbeddingSpace.objects.get(pk=start.space.space_id)
    return explain_pairs(start.anchors[0].product_id, product_ids, space=space)


def explain_strategy(request: ListRequest, start: Start) -> Reason:
    """Return the strategy's own reason, which is the same for every product that it finds."""
    anchors = start.anchors[0].localized_title if len(start.anchors) == 1 else gettext("your selection")
    return Reason(request.strategy, request.plan.reason.format(anchors=anchors))


def put_first(reason: Reason, candidate: Candidate) -> Candidate:
    """Put the strategy's own reason before those of rules. What a rule placed is there for the rule alone."""
    if candidate.source not in (NEIGHBOUR, LISTED):
        return candidate
    return replace(candidate, reasons=(reason, *candidate.reasons))
