"""Parts of a product page: what is similar to it, also by the dial, and in a few words why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from api.replica.reading import from_replica
from catalog.models import Product
from catalog.page_parts import make_or_leave_out
from embeddings.models import EmbeddingSpace
from recommendations.explanations.pairs import explain_pairs
from recommendations.explanations.services import Why
from recommendations.headings import name_heading
from recommendations.pages import describe_shared, describe_shares
from recommendations.recommendation_list import RecommendationList
from recommendations.requests import Options
from recommendations.rules import WIDGET
from recommendations.services import UnknownAnchor, recommend
from recommendations.visitor_dial import MIDDLE, Stop, find_stops, list_by_dial, read_dial
from recommendations.visitors import Visitor

OPTIONS = Options(near_duplicates="hide", placement=WIDGET)
SIMILAR = 12  # cards below a product
KEEP_S = 300


def describe_similar(
    sku: str,
    *,
    strategy: str = "similar",
    limit: int = SIMILAR,
    session_id: str = "",
    dial: tuple[Sequence[Stop], str] = ((), ""),
) -> dict[str, Any]:
    """Return what `similar.html` shows: the list, None where it cannot be made, and the dial where it has stops.

    `dial`: the stops, and which of them a request names.
    """
    stops, said = dial
    place = read_dial(said, stops)
    options = replace(OPTIONS, visitor=Visitor(session_id=session_id)) if session_id else OPTIONS

    def make() -> RecommendationList:
        if not sku:
            raise UnknownAnchor(["(none given)"])
        if place == MIDDLE:
            return recommend(strategy, anchors=[sku], limit=limit, options=options)
        return list_by_dial(sku, stop=stops[place], limit=limit, options=OPTIONS)

    shown = make_or_leave_out(make, what=f"similar_products of {sku!r}", expected=(UnknownAnchor,))
    return {
        "recommendations": shown,
        "heading": name_heading(shown) if shown is not None else "",  # of what an experiment made of it
        "anchor_sku": sku,
        "stops": stops if shown is not None and (shown.results or place != MIDDLE) else None,
        "dial": place,
    }


@require_safe
@from_replica
def similar_part(request: HttpRequest) -> HttpResponse:
    """The similar products of `sku` at the stop `dial`, as the HTML that the product page has of them."""
    product = find_product(request, "sku")
    context = describe_similar(product.sku, dial=(find_stops(product), request.GET.get("dial", "")))
    return keep(render(request, "recommendations/similar.html", context))


@require_safe
@from_replica
def why_part(request: HttpRequest) -> HttpResponse:
    """Why `other` is similar to `sku`: shares and what both have, without a look by the worker."""
    anchor, other = find_product(request, "sku"), find_product(request, "other")
    space = EmbeddingSpace.objects.live()
    pair = explain_pairs(anchor.pk, [other.pk], space=space).get(other.pk) if space else None
    why = Why(pair=pair) if pair else None
    context = {
        "anchor": anchor,
        "other": other,
        "why": why,
        "shares": describe_shares(why),
        "shared": describe_shared(why),
    }
    return keep(render(request, "recommendations/why_part.html", context))


def find_product(request: HttpRequest, name: str) -> Product:
    """Return the product whose SKU a parameter says, or answer that there is none."""
    sku = request.GET.get(name, "").replace("\0", "")
    product: Product = get_object_or_404(Product.objects.shown().for_cards(), sku=sku)
    return product


def keep(response: HttpResponse) -> HttpResponse:
    """Let the browser alone keep a part for a while: its forms are this visitor's."""
    patch_cache_control(response, private=True, max_age=KEEP_S)
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response
