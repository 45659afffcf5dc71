"""`{% load kindred %}`: `{% kindred_similar product %}` lists here, `{% kindred_widget product %}` in browsers."""

from __future__ import annotations

import logging
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy

from kindred_django.configuration import configuration, is_enabled
from kindred_django.events import NONE, PERSONALISATION, find_consent
from kindred_django.similar import similar_products
from kindred_django.sources import find_sku

register = template.Library()
logger = logging.getLogger("kindred_django")
HEADINGS = {
    "substitutes": gettext_lazy("Similar products in stock"),
    "visual": gettext_lazy("Looks alike"),
    "bundle": gettext_lazy("Often bought together"),
    "also_viewed": gettext_lazy("Others also looked at"),
    "complements": gettext_lazy("Goes with it"),
    "popular": gettext_lazy("Popular products"),
    "trending": gettext_lazy("Trending now"),
    "recent": gettext_lazy("New products"),
}


@register.simple_tag(takes_context=True)
def kindred_similar(
    context: template.Context,
    product: Any,
    *,
    limit: int = 8,
    strategy: str = "similar",
    placement: str = "",
    heading: str = "",
    template_name: str = "kindred_django/similar.html",
) -> SafeString:
    """Cards of similar products, or nothing. The template kindred_django/similar.html may be overridden.

    `heading`: above the list, in place of what says which strategy it is.
    """
    heading = heading or str(HEADINGS.get(strategy, gettext_lazy("Similar products")))
    params = {"limit": limit, "strategy": strategy, "near_duplicates": "hide"}
    try:
        answer = similar_products(product, **params | ({"placement": placement} if placement else {}))
        if not answer["results"]:
            return SafeString()
        with context.push(products=answer["results"], recommendation=answer, heading=heading):
            return context.template.engine.get_template(template_name).render(context)  # type: ignore[union-attr]
    except Exception:  # whatever it is: the page is worth more
        logger.exception("Similar products could not be shown.")
        return SafeString()


@register.simple_tag(takes_context=True)
def kindred_widget(context: template.Context, product: Any, **attributes: Any) -> SafeString:
    """The web component, which asks Kindred from the browser. Further arguments are its attributes: `limit=6`."""
    try:
        sku = find_sku(product) if is_enabled() and product is not None else ""
    except Exception:
        logger.exception("The widget for similar products could not be shown.")
        sku = ""
    if not sku:
        return SafeString()
    request, config = getattr(context, "request", None) or context.get("request"), configuration()
    given = {"sku": sku, "api": config.url, "key": config.public_key, "locale": get_language() or ""}
    agreed = find_consent(request) if request is not None else NONE
    if agreed != NONE:
        given["consent"] = "granted" if agreed == PERSONALISATION else agreed  # which is what the widget calls it
    given |= {name.replace("_", "-"): value for name, value in attributes.items()}
    nonce = getattr(request, "csp_nonce", "")
    return format_html(
        '<script type="module" src="{}/widgets/kindred.js"{}></script><kindred-similar{}></kindred-similar>',
        config.url,
        format_html(' nonce="{}"', nonce) if nonce else "",
        format_html_join("", ' {}="{}"', ((name, value) for name, value in given.items() if value != "")),
    )
