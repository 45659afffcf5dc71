"""The cart: its page, what changes it, and a check-out that is a demonstration. All by forms, without a script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from behaviour.events.event import Event
from behaviour.storefront.cart import MAX_LINES, MAX_PIECES, Cart, add_up
from behaviour.storefront.recording import Deed, record_deeds
from catalog.models import Product

is_number = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?(?:[eE][0-9]{1,2})?").fullmatch
is_order_id = re.compile(r"[0-9a-f]{32}").fullmatch


@require_safe
@never_cache
def cart_page(request: HttpRequest) -> HttpResponse:
    """What is in the cart, what it costs, and what goes with it."""
    cart = Cart.read(request)
    lines = cart.lines()
    if gone := cart.drop_all_but(lines):  # or the header counts for ever what nobody sees or can take out
        messages.info(request, word_gone(gone))
        response = redirect("cart")
        cart.save(response)
        return response
    context = {
        "lines": lines,
        "totals": add_up((line.product.currency, line.total) for line in lines if line.total is not None),
        "in_cart": [line.product.sku for line in lines],
        "order_id": uuid4().hex,  # of the form: sent twice, it is one order
    }
    return render(request, "storefront/cart.html", context)


@require_POST
def add_to_cart(request: HttpRequest) -> HttpResponse:
    """Put the products with these SKUs into the cart. A script is told what came of it, others see the cart."""
    skus = [sku for sku in request.POST.getlist("sku") if "\x00" not in sku][:MAX_LINES]
    quantity = max(read_quantity(request, missing=1), 1)
    found = {product.sku: product for product in Product.objects.shown().filter(sku__in=skus)}
    cart = Cart.read(request)
    added = {sku: cart.add(found[sku], quantity) for sku in dict.fromkeys(skus) if sku in found}
    deeds = [Deed(Event.Kind.CART, found[sku], count) for sku, count in added.items() if count]
    record_deeds(request, deeds)
    counts = [(found[sku].translated("title"), count) for sku, count in added.items()]
    said = word_added(counts, cart=cart, asked=quantity)
    if request.headers.get("Accept") == "application/json":
        response: HttpResponse = JsonResponse({"pieces": cart.pieces, "said": said})
    else:
        messages.info(request, said)
        response = redirect("cart")
    cart.save(response)
    return response


@require_POST
def change_cart(request: HttpRequest) -> HttpResponse:
    """Change how many pieces of one product are in the cart, or take it out."""
    cart, response = Cart.read(request), redirect("cart")
    sku = request.POST.get("sku", "").replace("\x00", "")
    product = Product.objects.shown().filter(sku=sku).first()
    before = cart.quantities.get(product.pk, 0) if product else 0
    if product and before:
        wanted = 0 if "remove" in request.POST else read_quantity(request, missing=before)
        more = cart.put(product, wanted) - before
        kind = Event.Kind.CART if more > 0 else Event.Kind.UNCART
        record_deeds(request, [Deed(kind, product, abs(more))] if more else [])
    cart.save(response)
    return response


@require_POST
def check_out(request: HttpRequest) -> HttpResponse:
    """Buy what is in the cart, as a demonstration: nothing is charged, nothing is sent, the cart is empty."""
    cart = Cart.read(request)
    bought = [line for line in cart.lines() if line.total is not None]
    if not bought:
        return redirect("cart")
    said = request.POST.get("order_id", "")
    order_id = said if is_order_id(said) else uuid4().hex
    deeds = [Deed(Event.Kind.PURCHASE, line.product, min(line.quantity, line.most)) for line in bought]
    record_deeds(request, deeds, order_id=order_id)
    response = redirect("thanks")
    cart.empty()
    cart.save(response)
    return response


@require_safe
@never_cache
def thanks_page(request: HttpRequest) -> HttpResponse:
    """After the check-out."""
    return render(request, "storefront/thanks.html")


def word_added(added: Sequence[tuple[str, int]], *, cart: Cart, asked: int) -> str:
    """Say what is in the cart now, and what of it could not be put in: `added` are titles with pieces."""
    names = [name for name, count in added if count]
    said = ngettext("%(names)s is in your cart.", "%(names)s are in your cart.", len(names)) % {
        "names": get_text_list(names, gettext("and"))
    }
    if names and all(count == asked for _, count in added):
        return said
    if cart.is_full and not all(count for _, count in added):
        why = gettext("Your cart is full: it takes %d different products.") % MAX_LINES
    elif names:
        why = gettext("There is not as much as you asked for.")
    else:
        why = gettext("There is no more of it to be had.")
    return f"{said} {why}" if names else why


def word_gone(count: int) -> str:
    """Say that so many products are not in the cart any more."""
    return (
        ngettext(
            "%d product is not sold here any more: it was taken out of your cart.",
            "%d products are not sold here any more: they were taken out of your cart.",
            count,
        )
        % count
    )


def read_quantity(request: HttpRequest, *, missing: int) -> int:
    """Return the quantity of a form, `missing` where it is none. A field for numbers also sends `12.0` and `1e1`."""
    said = request.POST.get("quantity", "").strip()
    number = min(Decimal(said), Decimal(MAX_PIECES)) if is_number(said) else None
    return int(number) if number is not None and number == number.to_integral_value() else missing
