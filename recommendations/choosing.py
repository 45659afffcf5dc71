"""From what the database finds to what a list shows: search, rerank, and search on where the list came out short."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from django.utils import timezone

from recommendations.anchors import Start, fuse_anchors, parse_vector, read_start
from recommendations.planning import build_reranking, build_retrieval, choose_out_of_stock, rows_to_fetch, scale_of
from recommendations.reasons import explain_content, explain_popular
from recommendations.recommendation_list import FALLBACK, PLACED, Candidate, Reason
from recommendations.requests import ListRequest
from recommendations.rerank import Reranked, Reranking, rerank
from recommendations.retrieval import (
    Found,
    find_fallback,
    find_further,
    find_neighbours,
    find_rest,
    list_products,
)
from recommendations.statements import MAX_ROWS, Retrieval
from recommendations.strategies import VISITOR, Asked, find_strategy

MAX_COMPARED = 10  # of a visitor's interests, whose vectors are one query together


class Chosen(NamedTuple):
    """What a list shows, and how it was searched for: exact or approximate."""

    reranked: Reranked
    search: str


def choose(request: ListRequest, start: Start) -> Chosen:
    """Search, rerank, and search on where the list came out short although there may be more.

    What is sold out is looked for where the rest does not fill the list, so that it is last in all pages together.
    """
    scale = scale_of(start, request.options)
    how = build_reranking(request.limit, request.filters, request.options, start=start, scale=scale)
    retrieval = build_retrieval(request, start)
    if retrieval.brought and request.options.near_duplicates == "hide":
        how = replace(how, anchor_vectors=tuple(parse_vector(one.vector) for one in start.anchors if one.vector))
    if request.options.history == "own" and request.plan.needs == VISITOR and retrieval.brought is None:
        retrieval = compare_interests(retrieval, start) or retrieval
    is_brought = retrieval.brought is not None and not retrieval.brought.is_ranking  # few: all at once, and sorted
    stock = (True, False) if how.out_of_stock == "last" and not is_brought else (None,)
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
        reranked = fill_up(request, start, found=found, how=how)
    elif request.may_fill and not request.plan.modality:
        more = True  # what fills up has not been looked for
    more = more or reranked.more or not found.complete
    return Chosen(reranked._replace(more=more), found.search)


def search(retrieval: Retrieval, *, request: ListRequest) -> Iterator[Found]:
    """Yield what is nearest, or what comes first in the strategy's order; then, with that, what else there is."""
    collapse, is_listed = request.options.variants == "collapse", not retrieval.vector

    def find(wanted: Retrieval, *, first: bool = False) -> Found:
        if is_listed:
            found = list_products(wanted, order=request.plan.order)
        elif first or not collapse:
            found = find_neighbours(wanted if first else replace(wanted, exact=True))
        else:
            found = find_rest(wanted)
        return found.stop_at(request.filters.min_similarity)

    found = find(retrieval, first=True)
    yield found
    yield from find_further(find, widen(retrieval, request), found, collapse=collapse)


def widen(retrieval: Retrieval, request: ListRequest) -> Retrieval:
    """The same search for more rows."""
    return replace(retrieval, limit=min(5 * request.limit + 100, MAX_ROWS))


def fill_up(request: ListRequest, start: Start, *, found: Found, how: Reranking) -> Reranked:
    """Return the list with what fills it up after what was found."""
    reranked = rerank(found.candidates, how=how)
    retrieval = build_retrieval(request, start)
    # the best of a group is the first here, not the nearest
    retrieval = replace(retrieval, limit=request.limit, cards=None, brought=None)
    if request.plan.modality:
        parts = search_fallback(retrieval, request=request, start=start)
    else:
        parts = search_others(retrieval, request=request, start=start)
    for part in parts:
        reranked = rerank(found.join(part).candidates, how=how)
        if len(reranked.shown) >= request.limit:
            break
    return reranked


def search_fallback(retrieval: Retrieval, *, request: ListRequest, start: Start) -> Iterator[Found]:
    """Yield what cannot be compared yet, each time more."""
    categories = [anchor.category_id for anchor in start.anchors if anchor.category_id is not None]
    yield from find_further(
        partial(find_fallback, category_ids=categories),
        retrieval,
        Found([], "exact", complete=False),
        collapse=request.options.variants == "collapse",
    )


def search_others(retrieval: Retrieval, *, request: ListRequest, start: Start) -> Iterator[Found]:
    """Yield what content says where behaviour says too little, then with that what is popular."""
    stock = choose_out_of_stock(request.options)
    retrieval = replace(
        retrieval, limit=rows_to_fetch(request, start.rules), in_stock=True if stock == "last" else None
    )
    found = Found([], "exact", complete=True)
    compared = compare_interests(retrieval, start)
    if compared is not None:
        alike = Reason("similar", explain_content(start))
        found = mark_fallback(find_neighbours(compared), reason=lambda one: alike)
        yield found
    if request.options.history == "all":
        popular = find_strategy("popular")
        plan = popular.bring(Asked(anchors=(), weights={}, history=start.history)) if popular.bring else None
        listed = list_products(replace(retrieval, brought=plan), order=popular.order)
        yield found.join(mark_fallback(listed, reason=lambda one: Reason("popular", explain_popular(one))))


def compare_interests(retrieval: Retrieval, start: Start) -> Retrieval | None:
    """Return the search for what is like the anchors, or like what the visitor was interested in. One query for those.

    None where there is nothing to compare.
    """
    anchors = start.anchors
    weights = {}
    if not anchors:
        interests = (start.history.latest or start.history.interests)[:MAX_COMPARED]
        weights = {interest.sku: interest.weight for interest in interests}
        if interests:
            anchors = read_start(tuple(weights), modality=retrieval.modality, at=timezone.now()).anchors
    if not any(anchor.vector for anchor in anchors):
        return None
    hidden = (*retrieval.hidden_ids, *(anchor.product_id for anchor in anchors))
    return replace(retrieval, vector=fuse_anchors(anchors, weights=weights), hidden_ids=hidden, brought=None)


def mark_fallback(found: Found, *, reason: Callable[[Candidate], Reason]) -> Found:
    """Return what was found as what fills up."""
    marked = [replace(one, source=FALLBACK, reasons=(reason(one),)) for one in found.candidates if one.source != PLACED]
    return replace(found, candidates=marked)
