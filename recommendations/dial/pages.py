"""The dial on the desk: a slider for the shop and for each category, with lists before and after beside it."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from catalog.desk.pages import Group, desk_page, render_desk
from catalog.models import Category, Product
from embeddings.freshness.staleness import WHOLE_SHOP
from embeddings.models import EmbeddingSpace
from embeddings.spaces.dial import find_weight, list_weights, set_weight, turn_dial
from embeddings.spaces.lifecycle import SpaceError
from recommendations.dial.preview import preview_dial

SAMPLES = 3  # products that are shown where nobody has chosen any
MAX_SAMPLES = 6  # that are chosen
MOST_WRITTEN = 1_000  # characters
OFFERED = 500  # categories of the menu, in the order of the tree


@desk_page(
    "dial/",
    name="dial",
    title=_("Text or picture"),
    group=Group.RECOMMENDATIONS,
    permission="embeddings.view_embeddingspace",
)
@require_safe
def dial_page(request: HttpRequest) -> HttpResponse:
    """The dial of the live space. `part=preview` asks for the lists alone."""
    space = EmbeddingSpace.objects.live()
    if space is None or not space.is_fitted:
        return render_desk(
            request, "admin/recommendations/dial.html", {"title": gettext("Text or picture"), "space": None}
        )
    path = read_path(request.GET.get("category", ""))
    weight = read_weight(request.GET.get("weight", ""))
    holds = find_weight(space, path)
    context = describe_preview(request, space, path=path, weight=holds if weight is None else weight)
    if request.GET.get("part") == "preview":
        return render(request, "admin/recommendations/dial_preview.html", context)
    context |= {
        "title": gettext("Text or picture"),
        "holds": holds,
        "own": space.category_text_weights.get(path),
        "weights": list_weights(space),
        "categories": list(Category.objects.order_by("path").values_list("path", flat=True)[:OFFERED]),
        "may_turn": request.user.has_perm("embeddings.change_embeddingspace"),
    }
    return render_desk(request, "admin/recommendations/dial.html", context)


@desk_page("dial/turn/", name="turn_dial", permission="embeddings.change_embeddingspace")
@require_POST
def turn_page(request: HttpRequest) -> HttpResponse:
    """Keep a weight, or take it back."""
    space = EmbeddingSpace.objects.live()
    path, weight = read_path(request.POST.get("category", "")), read_weight(request.POST.get("weight", ""))
    takes_back = request.POST.get("deed") == "take_back"
    name = path or gettext("the whole shop")
    try:
        if space is None or (weight is None and not takes_back):
            raise SpaceError(gettext("Choose a weight from 0 to 1."))
        turn_dial(space, path, weight=None if takes_back else weight)
    except SpaceError as error:
        messages.error(request, str(error))
        return redirect("dial")
    said = gettext("Text counts %(share)s in %(name)s. The worker fuses these products anew; nothing is encoded again.")
    if takes_back and path:
        said = gettext("%(name)s has no weight of its own any more, and goes by what is above it.")
    elif takes_back:
        said = gettext("The whole shop goes by the weight again that its space was made with.")
    told = said % {"share": f"{weight or 0:.0%}", "name": name}
    messages.success(request, told)
    LogEntry.objects.log_actions(int(request.user.pk or 0), [space], CHANGE, told)
    return redirect(f"{reverse('dial')}?{urlencode({'category': path})}")


def describe_preview(request: HttpRequest, space: EmbeddingSpace, *, path: str, weight: float) -> dict[str, Any]:
    """Return what the lists before and after show."""
    anchors, unknown = choose_samples(request.GET.getlist("sku"), path=path)
    dial = set_weight(space.category_text_weights, path, weight=weight)
    return {
        "space": space,
        "path": path,
        "weight": weight,
        "picture_weight": 1 - weight,
        "anchors": anchors,
        "unknown": unknown,
        "turned": preview_dial(space, anchors, dial=dial),
    }


def choose_samples(skus: list[str], *, path: str) -> tuple[list[Product], list[str]]:
    """Return the products whose lists are shown, those chosen or else a few of the category; and SKUs of none."""
    written = [sku.strip() for text in skus[:20] for sku in text[:MOST_WRITTEN].split(",")]
    wanted = list(dict.fromkeys(sku for sku in written if sku and sku.isprintable()))[:MAX_SAMPLES]
    products = Product.objects.shown().for_cards()
    if wanted:
        found = {product.sku: product for product in products.filter(sku__in=wanted)}
        return [found[sku] for sku in wanted if sku in found], [sku for sku in wanted if sku not in found]
    within = products.in_category(path) if path != WHOLE_SHOP else products
    return list(within[:SAMPLES]), []


def read_path(text: str) -> str:
    """Return the path of a category that is there, or that of the whole shop."""
    return text if text.isprintable() and Category.objects.filter(path=text).exists() else WHOLE_SHOP


def read_weight(text: str) -> float | None:
    """Return a weight from 0 to 1; None where the text is none."""
    try:
        weight = float(text[:20])
    except ValueError:
        return None
    return weight if math.isfinite(weight) and 0 <= weight <= 1 else None
