"""The board on the desk: the lists of a product, decisions by one click, why, and the history of rules."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from api.confirmation import find_way_back
from catalog.desk.pages import Group, desk_page, is_by_script, render_desk
from catalog.models import Product
from recommendations.curation.board import BACK, DEEDS, PLAIN_LIST, SHOWN, Click, decide, order_pins, read_board
from recommendations.curation.history import CannotUndo, undo
from recommendations.curation.rule_change import RuleChange
from recommendations.explanations.services import explain_pair
from recommendations.models import Rule, SearchRule
from recommendations.pages import describe_shared, describe_shares

CHANGES_A_PAGE = 50
PLACE = re.compile(r"(\d{1,18}):(\d{1,3})")
MAX_POSITION = 100


def render_board(request: HttpRequest, product: Product, *, strategy: str, done: object = None) -> HttpResponse:
    """Return the board as a piece of HTML; `done` is the deed that it offers to undo."""
    return render(request, "admin/recommendations/board.html", board_context(request, product, strategy, done))


def board_context(request: HttpRequest, product: Product, strategy: str, done: object = None) -> dict[str, Any]:
    """Return what the template of the board needs."""
    return {
        "board": read_board(product, strategy=strategy),
        "deeds": [(name, label) for name, (_kind, label) in DEEDS.items()],
        "may_decide": request.user.has_perm("recommendations.change_rule"),
        "done": done,
    }


@desk_page("products/<int:pk>/board/", name="product_board", permission="catalog.view_product")
@require_safe
def board_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One list of a product, for the page that shows it."""
    product = get_object_or_404(Product, pk=pk)
    return render_board(request, product, strategy=request.GET.get("list", PLAIN_LIST), done=request.GET.get("done"))


@desk_page("products/<int:pk>/board/decide/", name="board_decide", permission="recommendations.change_rule")
@require_POST
def decide_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One click on a card."""
    product = get_object_or_404(Product, pk=pk)
    name, position = request.POST.get("deed", ""), request.POST.get("position", "1")
    number = request.POST.get("target", "")
    if name not in (*DEEDS, BACK) or not position.isdecimal() or not re.fullmatch("[0-9]{1,18}", number):
        return HttpResponseBadRequest(gettext("Choose what to do, and with which product."))
    target = get_object_or_404(Product, pk=int(number))
    strategy = request.POST.get("list", PLAIN_LIST)
    try:
        place = min(max(int(position[:4]), 1), MAX_POSITION)
        done = decide(product, Click(name, target, place), strategy=strategy, by=request.user)
    except ValidationError as error:
        return HttpResponseBadRequest(" ".join(error.messages))
    return show_again(request, product, strategy=strategy, done=done)


@desk_page("products/<int:pk>/board/order/", name="board_order", permission="recommendations.change_rule")
@require_POST
def order_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Cards that were dragged: `order` is `product id:position` for each that is pinned now."""
    product = get_object_or_404(Product, pk=pk)
    found = [(int(number), int(place)) for number, place in PLACE.findall(request.POST.get("order", ""))]
    wanted = [(number, place) for number, place in found[:SHOWN] if 1 <= place <= MAX_POSITION]
    if not wanted:
        return HttpResponseBadRequest(gettext("Say which products are pinned where."))
    strategy = request.POST.get("list", PLAIN_LIST)
    try:
        done = order_pins(product, wanted, strategy=strategy, by=request.user)
    except ValidationError as error:
        return HttpResponseBadRequest(" ".join(error.messages))
    return show_again(request, product, strategy=strategy, done=done)


def show_again(request: HttpRequest, product: Product, *, strategy: str, done: uuid.UUID | None) -> HttpResponse:
    """Return the board to the script that asked, or send a browser without scripts back to the product."""
    if is_by_script(request):
        return render_board(request, product, strategy=strategy, done=done)
    query = urlencode({"list": strategy} | ({"done": str(done)} if done else {}))
    return redirect(f"{reverse('admin:catalog_product_change', args=[product.pk])}?{query}#board")


@desk_page("products/<int:pk>/board/why/<int:other>/", name="board_why", permission="catalog.view_product")
@require_safe
def why_panel(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Why two products are similar, as a piece of HTML: shares, words, and where the pictures resemble each other."""
    products = Product.objects.for_cards()
    anchor, found = get_object_or_404(products, pk=pk), get_object_or_404(products, pk=other)
    why = explain_pair(anchor.pk, found.pk)
    context = {
        "anchor": anchor,
        "other": found,
        "why": why,
        "shares": describe_shares(why),
        "shared": describe_shared(why),
    }
    return render(request, "admin/recommendations/why.html", context)


@desk_page("rule-changes/undo/", name="undo_rule_change", permission="recommendations.change_rule")
@require_POST
def undo_page(request: HttpRequest) -> HttpResponse:
    """Take back what was done at once, and go back to where the button was."""
    try:
        deed = uuid.UUID(request.POST.get("deed", ""))
        changed = RuleChange.objects.filter(deed=deed).values_list("model", flat=True)
        if not set(changed) <= set(list_models(request, "change")):
            raise PermissionDenied
        undone = undo(deed, by=request.user)
        messages.success(request, gettext("Undone: %s.") % ", ".join(change.label for change in undone[:5]))
    except (CannotUndo, ValueError) as error:
        told = str(error) if isinstance(error, CannotUndo) else gettext("There is no such change.")
        messages.error(request, told)
    return redirect(find_way_back(request, default=reverse("rule_changes")))


def list_models(request: HttpRequest, deed: str) -> list[str]:
    """Return the sorts of rules that whoever asks may view or change, as changes name them."""
    models = [model._meta for model in (Rule, SearchRule)]
    return [one.label_lower for one in models if request.user.has_perm(f"{one.app_label}.{deed}_{one.model_name}")]


@desk_page(
    "rule-changes/",
    name="rule_changes",
    title=_("History of rules"),
    group=Group.RECOMMENDATIONS,
    permission="recommendations.view_rule",
)
@require_safe
def rule_changes_page(request: HttpRequest) -> HttpResponse:
    """Who changed which rule, and how; what is not undone yet can be."""
    changes = RuleChange.objects.select_related("by").filter(model__in=list_models(request, "view"))
    number = request.GET.get("rule", "")
    if re.fullmatch("[0-9]{1,18}", number):
        changes = changes.filter(model="recommendations.rule", rule_id=int(number))
    page = Paginator(changes[: CHANGES_A_PAGE * 40], CHANGES_A_PAGE).get_page(request.GET.get("page"))
    deeds = {change.deed for change in page}
    undone = set(RuleChange.objects.filter(undoes__in=deeds).values_list("undoes", flat=True))
    context = {
        "title": gettext("History of rules"),
        "page": page,
        "undone": undone,
        "may_undo": request.user.has_perm("recommendations.change_rule"),
    }
    return render_desk(request, "admin/recommendations/rule_changes.html", context)
