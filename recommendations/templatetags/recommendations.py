"""`{% load recommendations %}` and `{% similar_products product limit=8 %}` in any template."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from catalog.models import Product
from recommendations.product_parts import SIMILAR, describe_similar
from recommendations.visitor_dial import find_stops

register = template.Library()
TO_COMPARE = 6


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
    shown = describe_similar(sku, strategy=strategy, limit=limit, session_id=session_id)
    return {**shown, "request": context.get("request")}


@register.inclusion_tag("recommendations/similar.html", takes_context=True)
def similar_by_dial(context: template.Context, product: Product, *, session_id: str = "") -> dict[str, Any]:
    """The same on the shop's own product page, with a dial for words against picture: `?dial=` says where it stands.

    A product without a picture has no dial: there is nothing to weigh.
    """
    request = context.get("request")
    said = request.GET.get("dial", "") if isinstance(request, HttpRequest) else ""
    shown = describe_similar(product.sku, limit=SIMILAR, session_id=session_id, dial=(find_stops(product), said))
    return {**shown, "request": request}


@register.simple_tag
def more_to_compare(product: Product, skus: list[str]) -> list[Product]:
    """Products like this one that are not compared with it yet."""
    shown = describe_similar(product.sku, limit=TO_COMPARE + len(skus))["recommendations"]
    others = [item.product for item in shown or () if item.product.sku not in skus]
    return others[:TO_COMPARE]
