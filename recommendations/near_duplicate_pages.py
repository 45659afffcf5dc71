"""In the admin: listings that are probably the same product, side by side."""

from __future__ import annotations

from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.near_duplicates import DuplicateGroup, find_near_duplicates

MAX_PRODUCTS = 10_000  # about 20 s; a larger catalogue is searched by `manage.py find_duplicates`
KEEP_S = 600
PAGE_SIZE = 20


@require_safe
def near_duplicates_page(request: HttpRequest) -> HttpResponse:
    """Groups with their pictures, most certain first, each product linked to its form."""
    if not request.user.has_perm("catalog.view_product"):
        raise PermissionDenied
    space = EmbeddingSpace.objects.live()
    count = space.embeddings.filter(modality="fused", product__is_active=True).count() if space else 0
    context = {
        **admin.site.each_context(request),
        "title": "Near-duplicates",
        "count": count,
        "is_too_large": count > MAX_PRODUCTS,
    }
    if space and count <= MAX_PRODUCTS:
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
