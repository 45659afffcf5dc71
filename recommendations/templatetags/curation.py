"""The board of a product, within its page in the admin."""

from __future__ import annotations

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog.models import Product
from recommendations.curation.board import PLAIN_LIST
from recommendations.curation.pages import board_context

register = template.Library()


@register.simple_tag(takes_context=True)
def board(context: Context, product: Product) -> SafeString:
    """The list that the address asks for, with what can be decided about it."""
    request = context["request"]
    found = board_context(request, product, request.GET.get("list", PLAIN_LIST), request.GET.get("done"))
    return render_to_string("admin/recommendations/board.html", found, request=request)
