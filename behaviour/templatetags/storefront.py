"""What the storefront's pages show of carts, bundles and visitors: `{% load storefront %}`."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache

from django import template
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from behaviour.storefront import cart
from behaviour.storefront.bundle import Bundle, make_bundle_of
from behaviour.storefront.consent import Answer, read_answer, read_visitor
from behaviour.storefront.lists import ShownList, make_cart_list, make_for_you, make_together
from catalog.models import Product
from catalog.templatetags.catalog import title, word_amount

register = template.Library()

CARD_CART = (
    '<form class="card-cart" method="post" action="{}" data-cart-add>'
    '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="sku" value="{}">{}'
    '<button class="quiet-button" aria-label="{}: {}, {}">{}</button></form>'
)
SHOWN_IN = '<input type="hidden" name="recommendation_id" value="{}"><input type="hidden" name="position" value="{}">'


@register.simple_tag(takes_context=True)
def visitor_answer(context: template.Context) -> Answer:
    """What the visitor has said about being counted. A page that no request asked for counts nobody."""
    request = context.get("request")
    return read_answer(request) if isinstance(request, HttpRequest) else Answer(None)


@register.simple_tag(takes_context=True)
def cart_pieces(context: template.Context) -> int:
    """How many things are in the visitor's cart."""
    return cart.Cart.read(context["request"]).pieces


@register.filter
def buyable(product: Product | None) -> bool:
    """Whether the product can be put into the cart."""
    return product is not None and cart.may_be_bought(product)


@register.filter
def word_totals(totals: list[tuple[str, Decimal]]) -> str:
    """The sums of a cart, each in its currency: `€35.80 + $12.00`."""
    return " + ".join(word_amount(amount, currency) for currency, amount in totals)


@register.simple_tag(takes_context=True)
def bundle_of(context: template.Context, product: Product) -> Bundle | None:
    """What is often bought together with the product."""
    return make_bundle_of(product, visitor=read_visitor(context["request"]))


@register.simple_tag(takes_context=True)
def together_with(context: template.Context, product: Product) -> ShownList | None:
    """What is often used together with it, where nothing is sold."""
    return make_together(product, visitor=read_visitor(context["request"]))


@register.simple_tag(takes_context=True)
def cart_list(context: template.Context, skus: list[str]) -> ShownList | None:
    """What goes with what is in the cart."""
    return make_cart_list(skus, visitor=read_visitor(context["request"]))


@register.simple_tag(takes_context=True)
def for_you(context: template.Context) -> ShownList | None:
    """What suits the visitor."""
    return make_for_you(read_visitor(context["request"]))


@register.filter
def word_money(amount: Decimal, currency: str) -> str:
    """An amount in its currency."""
    return word_amount(amount, currency)


@register.filter
def subset_prices(bundle: Bundle) -> str:
    """The price of every choice of a bundle, as JSON for its script."""
    return json.dumps(bundle.word_subsets(word_totals), ensure_ascii=False)


@register.simple_tag(takes_context=True)
def card_cart(context: template.Context) -> SafeString:
    """A form that puts the `product` of a card into the cart; in a list, with what the list is known by.

    In Python: a page has dozens of them, and as a template each took a quarter of a millisecond.
    """
    product, token = context.get("product"), context.get("csrf_token")
    if not isinstance(product, Product) or not token or not cart.may_be_bought(product):
        return SafeString("")
    shown_in = ""
    if recommendation_id := context.get("recommendation_id"):
        shown_in = format_html(SHOWN_IN, recommendation_id, context.get("position") or "")
    label = gettext("Add to cart")
    return format_html(
        CARD_CART, cart_add_address(), token, product.sku, shown_in, label, title(product), product.sku, label
    )


@register.simple_tag
def cart_add_address() -> str:
    """Where forms put products into the cart. It stands in every card, and `{% url %}` would look it up for each."""
    return find_cart_add(get_script_prefix())


@lru_cache(maxsize=8)
def find_cart_add(prefix: str) -> str:
    """`reverse` knows the prefix by itself: it is an argument because what is remembered depends on it."""
    return reverse("cart_add")


@register.filter
def most_pieces(product: Product) -> int:
    """How many of it one cart may hold."""
    return cart.most_pieces(product)
