"""`{% load recommendations %}` and `{% similar_products product limit=8 %}` in any template."""

from __future__ import annotations

from typing import Any

from django import template

from catalog.models import Product
from recommendations.requests import Options
from recommendations.services import recommend

register = template.Library()


@register.simple_tag
def tenths(share: float) -> int:
    """A share of 1 as 1 to 10: for a class, since a policy of pages forbids styles in them."""
    return min(10, max(1, round(10 * share)))


@register.inclusion_tag("recommendations/similar.html", takes_context=True)
def similar_products(
    context: template.Context, product: Product | str, *, limit: int = 8, strategy: str = "similar"
) -> dict[str, Any]:
    """Cards of the products most like `product`, a Product or a SKU; nothing where there are none.

    Second listings of the same thing are left out: a shopper has no use for them.
    """
    shown = recommend(strategy, anchors=[product], limit=limit, options=Options(near_duplicates="hide"))
    anchor_sku = product if isinstance(product, str) else product.sku
    return {"recommendations": shown, "anchor_sku": anchor_sku, "request": context.get("request")}
