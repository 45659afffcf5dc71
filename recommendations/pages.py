"""The page that says why two products are similar."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from api.replica.reading import from_replica
from catalog.attributes import label_attribute
from catalog.models import Product
from embeddings.modalities.registry import find_modality
from recommendations.explanations.services import Why, explain_pair, read_heat_map

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MAX_LOOKS = 10  # how often the page asks again before it leaves it at what is known
DAY_S = 86_400
NAMED = {"brand": _("Brand"), "category": _("Category"), "collection": _("Collection"), "colour": _("Colour")}


class Share(NamedTuple):
    """A modality's part in a similarity, as a stretch of a bar; and the similarity by it alone."""

    modality: str
    name: StrPromise
    start: int  # percent
    percent: int
    part: float | None
    alone: float | None


@require_safe
@from_replica
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
        "shared": describe_shared(why),
        "next_look": looks + 1 if why and why.is_pending and looks < MAX_LOOKS else None,
    }
    return render(request, "recommendations/why_page.html", context)


def describe_shares(why: Why | None) -> list[Share]:
    """Return the share of each modality in whole percent; nothing where the two cannot be compared."""
    if why is None or not why.pair.is_compared:
        return []
    found, start, said = [], 0, 0.0
    for name, share in why.pair.shares.items():
        said += share or 0.0
        end = round(100 * said)  # so that they sum to 100
        label, part, alone = find_modality(name).label, why.pair.contributions[name], why.pair.similarities[name]
        found.append(Share(name, label, start, end - start, part, alone))
        start = end
    return found


def describe_shared(why: Why | None) -> list[tuple[str | StrPromise, str]]:
    """Return label and text of what both products have."""
    found = why.pair.shared.items() if why else ()
    return [(label_shared(name), text) for name, text in found]


def label_shared(name: str) -> str | StrPromise:
    """Return what a property of both is called."""
    return NAMED.get(name) or label_attribute(name)


@require_safe
def heat_map(request: HttpRequest, key: str) -> HttpResponse:
    """The overlay of a pair as PNG."""
    content = read_heat_map(key)
    if content is None:
        raise Http404("There is no such map, or no longer")
    response = HttpResponse(content, content_type="image/png")
    response["Cache-Control"] = f"public, max-age={DAY_S}, immutable"
    return response
