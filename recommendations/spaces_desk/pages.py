"""Two spaces side by side on the desk: lists with pictures, figures, recipes, and which of the two is served."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from api.counts import count_rows
from api.worker_bell import tell_worker
from catalog.desk.pages import Group, desk_page, render_desk
from embeddings.admin import EmbeddingSpaceAdmin
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace
from embeddings.spaces.overlap import COMPARED_PRODUCTS
from recommendations.spaces_desk.figures import (
    COMPARED_ON_PAGE,
    estimate_overlap,
    note_request,
    pair_figures,
    read_figures,
)
from recommendations.spaces_desk.recipes import list_differences
from recommendations.spaces_desk.services import (
    MAX_PICKED,
    SAMPLED,
    Pair,
    choose_pair,
    compare_lists,
    find_picked,
    list_comparable,
    sample_products,
)
from recommendations.tasks import measure_space

EmbeddingSpaceAdmin.add_page("compare_spaces", _("Compare"))
Status = EmbeddingSpace.Status


def pair_query(pair: Pair, **more: Any) -> str:
    """Return the query string that names the pair."""
    return "?" + urlencode({"left": pair.left.name, "right": pair.right.name, **more}, doseq=True)


def read_pair(request: HttpRequest) -> Pair | None:
    """Return the pair that the address or the form names, or the usual one."""
    named = request.POST if request.method == "POST" else request.GET
    return choose_pair(named.get("left", ""), named.get("right", ""))


def read_number(text: str) -> int:
    """Return a number of up to nine digits, 0 for anything else."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0


@desk_page(
    "compare-spaces/",
    name="compare_spaces",
    title=_("Compare spaces"),
    group=Group.RECOMMENDATIONS,
    permission="embeddings.view_embeddingspace",
)
@require_safe
def compare_spaces_page(request: HttpRequest) -> HttpResponse:
    """Both lists of a few products, sampled or picked."""
    title, pair = gettext("Compare spaces"), read_pair(request)
    if pair is None:
        return render_desk(request, "admin/recommendations/one_space.html", {"title": title})
    skus = list(dict.fromkeys(text.strip() for text in request.GET.getlist("sku") if text.strip()))[:MAX_PICKED]
    seed = read_number(request.GET.get("sample", ""))
    picked, unknown = find_picked(skus)
    products = picked or sample_products(SAMPLED, seed=seed)
    context = {
        "title": title,
        "pair": pair,
        "spaces": list_comparable(),
        "sides": [describe_side(space, pair) for space in (pair.left, pair.right)],
        "rows": [compare_lists(pair, product) for product in products],
        "picked": [
            (product, pair_query(pair, sku=[other.sku for other in picked if other != product])) for product in picked
        ],
        "unknown": unknown,
        "another": pair_query(pair, sample=seed + 1),
        "swapped": pair_query(Pair(pair.right, pair.left), **({"sku": skus} if skus else {"sample": seed})),
        "may_promote": request.user.has_perm("embeddings.change_embeddingspace"),
        "may_vote": request.user.has_perm("recommendations.add_blindvote"),
        "query": pair_query(pair),
        **describe_figures(pair),
    }
    return render_desk(request, "admin/recommendations/compare_spaces.html", context)


def describe_side(space: EmbeddingSpace, pair: Pair) -> dict[str, Any]:
    """Return what the card of a space says, and whether it can be promoted or rolled back to from here."""
    target = EmbeddingSpace.objects.rollback_target()
    other = pair.right if space == pair.left else pair.left
    is_way_back = space == target and other.status == Status.LIVE
    return {
        "space": space,
        "count": count_rows(space.embeddings.filter(modality=FUSED)),
        "is_live": space.status == Status.LIVE,
        "is_way_back": is_way_back,
        "is_stale": space.status == Status.RETIRED and space != target,
        "can_promote": space.status in (Status.READY, Status.RETIRED) and not is_way_back,
        "report": [
            (name, text) for part, told in space.report.items() if part != "figures" for name, text in flatten(told)
        ],
    }


def flatten(told: Any, name: str = "") -> list[tuple[str, str]]:
    """Return the numbers and words of a build's report with their names, nested ones joined by a point."""
    if not isinstance(told, dict):
        return [(name, f"{told:.4g}" if isinstance(told, float) else str(told))]
    return [row for key, value in told.items() for row in flatten(value, f"{name}.{key}" if name else str(key))]


def describe_figures(pair: Pair) -> dict[str, Any]:
    """Return the figures of both, and in what their recipes differ."""
    figures = [read_figures(space) for space in (pair.left, pair.right)]
    overlap, problem = estimate_overlap(pair)
    moments = [one.measured_at for one in figures if one.measured_at]
    return {
        "overlap": overlap,
        "overlap_problem": problem,
        "sampled_products": COMPARED_ON_PAGE,
        "compared_products": COMPARED_PRODUCTS,
        "figures": pair_figures(*figures),
        "measured_at": min(moments) if len(moments) == len(figures) else None,
        "is_measuring": any(one.is_measuring for one in figures),
        "differences": list_differences(pair.left, pair.right),
    }


@desk_page("compare-spaces/measure/", name="measure_spaces", permission="embeddings.change_embeddingspace")
@require_POST
def measure_page(request: HttpRequest) -> HttpResponse:
    """Have a worker measure both spaces, and go back to the page that shows how far it is."""
    pair = read_pair(request)
    if pair is None:
        return redirect("compare_spaces")
    for space in (pair.left, pair.right):
        if not tell_worker(partial(measure_space.delay, space.pk)):
            messages.error(request, gettext("The broker does not answer: start it, then measure again."))
            break
        note_request(space)
    return redirect(reverse("compare_spaces") + pair_query(pair))
