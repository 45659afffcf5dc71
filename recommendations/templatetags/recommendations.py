"""`{% load recommendations %}` and `{% similar_products product limit=8 %}` in any template."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import template

from catalog.models import Product
from catalog.page_parts import make_or_leave_out
from recommendations.headings import name_heading
from recommendations.recommendation_list import RecommendationList
from recommendations.requests import Options
from recommendations.rules import WIDGET
from recommendations.services import UnknownAnchor, recommend
from recommendations.visitors import Visitor

register = template.Library()
OPTIONS = Options(near_duplicates="hide", placement=WIDGET)


@register.simple_tag
def tenths(share: float) -> int:
    """A share of 1 as 1 to 10: for a class, since a policy of pages forbids styles in them."""
    return min(10, max(1, round(10 * share)))


@register.inclusion_tag("recommendations/similar.html", takes_context=True)
def similar_products(
    context: template.Context,
    product: Product | str | None,
    *,
    limit: int = 8,
    strategy: str = "similar",
    session_id: str = "",
) -> dict[str, Any]:
    """Cards of the products most like `product`, a Product or a SKU.

    `session_id`: of a visitor who has agreed to it, who is shown in lists that leave something out nothing that they
    bought, have in the cart or put away, and whom an experiment may show another list. The page is for them alone then,
    and no cache may keep it for others.

    Nothing where there are none, where the product is unknown, and where the database is away or takes too long: the
    log says why. Second listings of the same thing are left out: a shopper has no use for them.
    """
    sku = product.sku if isinstance(product, Product) else str(product or "")

    def make() -> RecommendationList:
        if not sku:
            raise UnknownAnchor(["(none given)"])
        options = replace(OPTIONS, visitor=Visitor(session_id=session_id)) if session_id else OPTIONS
        return recommend(strategy, anchors=[sku], limit=limit, options=options)

    shown = make_or_leave_out(make, what=f"similar_products of {sku!r}", expected=(UnknownAnchor,))
    heading = name_heading(shown) if shown else ""  # of what an experiment made of it
    return {"recommendations": shown, "heading": heading, "anchor_sku": sku, "request": context.get("request")}
