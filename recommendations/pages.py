"""The page that says why two products are similar, and the near-duplicates in the admin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from api.counts import Count, count_rows
from catalog.attributes import split_unit
from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.explanations.services import Why, explain_pair, read_heat_map
from recommendations.near_duplicates import DuplicateGroup, find_near_duplicates

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MAX_LOOKS = 10  # how often the page asks again before it leaves it at what is known
DAY_S = 86_400
LABELS = {"brand": _("Brand"), "category": _("Category"), "collection": _("Collection"), "colour": _("Colour")}


class Share(NamedTuple):
    """A modality's part in a similarity, as a stretch of a bar."""

    modality: str
    name: StrPromise
    start: int  # percent
    percent: int
    cosine: float | None


@require_safe
def why_page(request: HttpRequest, sku: str, other: str) -> HttpResponse:
    """Two products side by side: what they share, the words that matter, and where the encoder looks."""
    products = Product.objects.shown().for_cards()
    anchor, found = get_object_or_404(products, sku=sku), get_object_or_404(products, sku=other)
    why = explain_pair(anchor.pk, found.pk)
    look = request.GET.get("look", "")
    looks = int(look) if re.fullmatch("[0-9]{1,3}", look) else 0  # int() takes no number of thousands of digits
    context = {
        "anchor": anchor,
        "other": found,
        "why": why,
        "shares": describe_shares(why),
        "shared": [(LABELS.get(name, split_unit(name)[0]), text) for name, text in why.pair.shared.items()]
        if why
        else [],
        "next_look": looks + 1 if why and why.is_pending and looks < MAX_LOOKS else None,
    }
    return render(request, "recommendations/why_page.html", context)


def describe_shares(why: Why | None) -> list[Share]:
    """Return the share of each modality in whole percent; nothing where the two cannot be compared."""
    if why is None or why.pair.text_share is None:
        return []
    text = round(100 * why.pair.text_share)
    return [
        Share("text", _("Text"), 0, text, why.pair.text_similarity),
        Share("image", _("Picture"), text, 100 - text, why.pair.image_similarity),
    ]


@require_safe
def heat_map(request: HttpRequest, key: str) -> HttpResponse:
    """The overlay of a pair as PNG."""
    content = read_heat_map(key)
    if content is None:
        raise Http404("There is no such map, or no longer")
    response = HttpResponse(content, content_type="image/png")
    response["Cache-Control"] = f"public, max-age={DAY_S}, immutable"
    return response


KEEP_S = 600
PAGE_SIZE = 20


@require_safe
def near_duplicates_page(request: HttpRequest) -> HttpResponse:
    """Groups with their pictures, most certain first, each product linked to its form."""
    if not request.user.has_perm("catalog.view_product"):
        raise PermissionDenied
    space = EmbeddingSpace.objects.live()
    listings = space.embeddings.filter(modality="fused", product__is_active=True) if space else None
    # As many as are counted take about 20 s; a larger catalogue is searched by `manage.py find_duplicates`.
    count = Count(0, is_exact=True) if listings is None else count_rows(listings)
    context = {**admin.site.each_context(request), "title": _("Near-duplicates"), "count": count}
    if space and count.is_exact:
        page = Paginator(find_groups(space, refresh="refresh" in request.GET), PAGE_SIZE).get_page(
            request.GET.get("page")
        )
        products = Product.objects.for_cards().in_bulk({number for group in page for number in group.product_ids})
        context["page"] = page
        context["groups"] = [
            (group.pairs[0], [products[number] for number in group.product_ids if number in products]) for group in page
        ]
    return render(request, "admin/near_duplicates.html", context)


def find_groups(space: EmbeddingSpace, *, refresh: bool) -> list[DuplicateGroup]:
    """Return the groups, found at most ten minutes ago unless `refresh`."""
    key = f"near-duplicates-{space.pk}"
    groups: list[DuplicateGroup] | None = None if refresh else cache.get(key)
    if groups is None:
        groups = find_near_duplicates(space)
        cache.set(key, groups, KEEP_S)
    return groups
