"""The page that shows why one product is similar to another."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from catalog.models import Product
from recommendations.explanations.services import Why, explain_pair, read_heat_map

MAX_LOOKS = 10  # how often the page asks again before it leaves it at what is known
DAY_S = 86_400
LABELS = {"brand": "Brand", "category": "Category", "collection": "Collection"}


@require_safe
def why_page(request: HttpRequest, sku: str, other: str) -> HttpResponse:
    """Two products side by side: what they share, the words that matter, and where the encoder looks."""
    products = Product.objects.shown().for_cards()
    anchor, found = get_object_or_404(products, sku=sku), get_object_or_404(products, sku=other)
    why = explain_pair(anchor.pk, found.pk)
    looks = int(request.GET["look"]) if request.GET.get("look", "").isdecimal() else 0
    context = {
        "anchor": anchor,
        "other": found,
        "why": why,
        "shares": describe_shares(why),
        "shared": [(LABELS.get(name, name.replace("_", " ")), text) for name, text in why.pair.shared.items()]
        if why
        else [],
        "next_look": looks + 1 if why and why.is_pending and looks < MAX_LOOKS else None,
    }
    return render(request, "recommendations/why_page.html", context)


def describe_shares(why: Why | None) -> list[tuple[str, int, float | None]]:
    """Return name, whole percent and cosine of each modality; nothing where the two cannot be compared."""
    if why is None or why.pair.text_share is None:
        return []
    text = round(100 * why.pair.text_share)
    return [
        ("Text", text, why.pair.text_similarity),
        ("Picture", 100 - text, why.pair.image_similarity),
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
