"""Check what is asked for, retrieve, rerank. Two queries, or three for a visitor, more for a short list."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils import timezone
from django.utils.translation import gettext

from api.problems import RequestError
from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.anchors import Start, read_start
from recommendations.answering import answer_request
from recommendations.choosing import Chosen, choose
from recommendations.explanations.pairs import PairExplanation, explain_pairs
from recommendations.metrics import measure_list
from recommendations.reasons import give_reason
from recommendations.recommendation_list import EMBEDDING_PENDING, FALLBACK, OK, RecommendationList, number_results
from recommendations.requests import MAX_SHOWN, Filters, ListRequest, Options
from recommendations.rerank import Reranked
from recommendations.tokens import Token, make_token
from recommendations.visitors import read_history


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
    """Return up to `limit` recommendations: fewer only where no more products may be shown, or none are to fill up.

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
    begun = time.perf_counter()
    shown = answer_request(request, answer_plainly)
    measure_list(shown, begun=begun)
    return shown


def answer_plainly(request: ListRequest) -> RecommendationList:
    """Answer a request as it is. Raises UnknownAnchor or RequestError."""
    now = timezone.now()
    start = read_start(
        request.anchors,
        modality=request.modality,
        at=now,
        inactive=request.options.inactive_anchors,
        kind=request.kind,
    )
    if request.anchors and not start.anchors:
        raise UnknownAnchor(request.anchors)
    if request.plan.modality and start.space and request.modality not in start.space.dims:
        said = gettext("Space %(space)s has no vectors of %(name)s.")
        raise RequestError("modality", said % {"space": start.space.name, "name": request.modality})
    if request.plan.modality and (start.space is None or not any(anchor.vector for anchor in start.anchors)):
        return answer(request, start, chosen=None)
    if request.options.visitor.is_known and request.goes_by_history:
        start = replace(start, history=read_history(request.options.visitor, at=now))
    return answer(request, start, chosen=choose(request, start))


def answer(request: ListRequest, start: Start, *, chosen: Chosen | None) -> RecommendationList:
    """Return the list of what was chosen; None: no anchor has a vector to compare yet."""
    status, found = (OK, chosen.reranked) if chosen else (EMBEDDING_PENDING, Reranked([], more=False))
    page = request.options.page
    shown = [give_reason(candidate, request, start) for candidate in found.shown]
    ids = [candidate.product_id for candidate in shown]
    return RecommendationList(
        recommendation_id=page.recommendation_id or name_list(request, start, ids),
        strategy=request.strategy,
        anchors=tuple(anchor.sku for anchor in start.anchors),
        missing_anchors=find_missing(request, start),
        space=start.space.name if start.space else None,
        search=chosen.search if chosen else "exact",
        status=status,
        fallback_used=any(candidate.source == FALLBACK for candidate in shown),
        results=number_results(shown, offset=len(page.shown_ids)),
        more=found.more and len(page.shown_ids) + len(shown) < MAX_SHOWN and bool(shown),
        experiment=request.experiment,
        arm=request.arm,
        explanations=explain(request, start, ids) if request.options.explain else {},
    )


def name_list(request: ListRequest, start: Start, product_ids: Sequence[int]) -> str:
    """Return the token of the list's first page, which names its further pages too."""
    token = Token(
        strategy=request.strategy,
        placement=request.options.placement,
        space=start.space.name if start.space else "",
        experiment=request.experiment,
        arm=request.arm,
        rules=start.rules.version,
        at=timezone.now(),
    )
    return make_token(token, cached=request.is_shared, of=(request.anchors, list(product_ids)))


def find_missing(request: ListRequest, start: Start) -> tuple[str, ...]:
    """Return the anchors that the list is not for, in the order they were asked for."""
    found = {anchor.sku for anchor in start.anchors}
    return tuple(sku for sku in request.anchors if sku not in found)


def explain(request: ListRequest, start: Start, product_ids: Sequence[int]) -> dict[int, PairExplanation]:
    """Return why each product is similar to the first anchor. Three queries more, which only those who ask pay for."""
    anchor = next((anchor for anchor in start.anchors if anchor.vector), None)
    if anchor is None or start.space is None or not product_ids or request.plan.order:
        return {}
    space = EmbeddingSpace.objects.get(pk=start.space.space_id)
    return explain_pairs(anchor.product_id, product_ids, space=space)
