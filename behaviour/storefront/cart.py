"""A shopper's cart. It is kept in cookies: the server remembers nothing, and no page asks a table for it.

Each product has a cookie of its own, so that two tabs that put something in at once lose nothing of each other's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from api.field import current_field
from catalog.models import Product

COOKIE = "kindred_cart_"  # before the number of the product
KEPT_S = 30 * 86_400
MAX_LINES = 50  # as many cookies as every browser keeps; they take 1.5 kB of the 8 kB that servers read
MAX_PIECES = 99  # of one product
is_ours = re.compile(rf"{COOKIE}([1-9][0-9]{{0,17}})").fullmatch
is_kept = re.compile(r"([1-9][0-9]?)x([0-9]{1,9})").fullmatch  # so many pieces, and when in turn they were put in


@dataclass(frozen=True)
class Line:
    """A product in the cart. One that cannot be bought any more stays to be seen, and is not counted."""

    product: Product
    quantity: int

    @property
    def total(self) -> Decimal | None:
        """What the pieces cost together; None where they cannot be bought."""
        if not may_be_bought(self.product) or self.product.price is None:
            return None
        total: Decimal = self.product.price * min(self.quantity, self.most)
        return total

    @property
    def most(self) -> int:
        """How many pieces can be had."""
        return most_pieces(self.product)

    @property
    def is_short(self) -> bool:
        """Whether there are fewer than were put in: somebody else was faster."""
        return 0 < self.most < self.quantity


class Cart:
    """Quantities by the product's id, in the order in which they were put in."""

    def __init__(self, quantities: dict[int, int] | None = None) -> None:
        self.quantities = quantities or {}
        self.kept: dict[int, int] = {}  # quantities, by the browser
        self.turns: dict[int, int] = {}

    @classmethod
    def read(cls, request: HttpRequest) -> Cart:
        """Return the cart of the visitor, without what is in cookies that are none of ours."""
        found = ((is_ours(name), is_kept(said)) for name, said in request.COOKIES.items())
        lines = sorted((int(kept[2]), int(ours[1]), int(kept[1])) for ours, kept in found if ours and kept)
        cart = cls({product_id: quantity for _, product_id, quantity in lines[:MAX_LINES]})
        cart.kept = dict(cart.quantities)
        cart.turns = {product_id: turn for turn, product_id, _ in lines}
        return cart

    def save(self, response: HttpResponse) -> None:
        """Have the browser keep what has changed, and nothing else."""
        for product_id in self.kept.keys() - self.quantities.keys():
            response.delete_cookie(f"{COOKIE}{product_id}", samesite="Lax")
        next_turn = max(self.turns.values(), default=0) + 1
        for turn, (product_id, quantity) in enumerate(self.quantities.items(), start=next_turn):
            if quantity != self.kept.get(product_id):
                response.set_cookie(
                    f"{COOKIE}{product_id}",
                    f"{quantity}x{self.turns.get(product_id, turn)}",
                    max_age=KEPT_S,
                    secure=settings.SESSION_COOKIE_SECURE,
                    httponly=True,
                    samesite="Lax",
                )

    @property
    def pieces(self) -> int:
        """How many things are in it."""
        return sum(self.quantities.values())

    def put(self, product: Product, quantity: int) -> int:
        """Set how many of the product are in the cart, as far as they can be had. Returns how many that are.

        A cart that is full takes no other product.
        """
        quantity = min(quantity, most_pieces(product))
        if quantity <= 0:
            self.quantities.pop(product.pk, None)
            return 0
        if product.pk not in self.quantities and self.is_full:
            return 0
        self.quantities[product.pk] = quantity
        return quantity

    def add(self, product: Product, quantity: int = 1) -> int:
        """Put in more of the product. Returns how many were added."""
        before = self.quantities.get(product.pk, 0)
        return max(0, self.put(product, before + quantity) - before)

    @property
    def is_full(self) -> bool:
        return len(self.quantities) >= MAX_LINES

    def lines(self) -> list[Line]:
        """Return what is in it and still there to be seen. Three queries."""
        products = Product.objects.shown().for_cards().in_bulk(list(self.quantities))
        return [Line(products[key], quantity) for key, quantity in self.quantities.items() if key in products]

    def empty(self) -> None:
        self.quantities = {}

    def drop_all_but(self, lines: Iterable[Line]) -> int:
        """Take out what is not to be seen any more. Returns how many products that were."""
        before = len(self.quantities)
        self.quantities = {line.product.pk: line.quantity for line in lines}
        return before - len(self.quantities)


def may_be_bought(product: Product) -> bool:
    """Whether it can be bought here. What has a page in the shop itself is sold there."""
    has_cart = "cart" not in current_field().hidden
    return has_cart and product.price is not None and product.in_stock and not product.url


def most_pieces(product: Product) -> int:
    """Return how many of a product one cart may hold."""
    if not may_be_bought(product):
        return 0
    return MAX_PIECES if product.stock is None else min(MAX_PIECES, product.stock)


def add_up(lines: Iterable[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    """Return the sum of amounts for each currency, in the order they come: amounts of two currencies have no sum."""
    totals: dict[str, Decimal] = {}
    for currency, amount in lines:
        totals[currency] = totals.get(currency, Decimal(0)) + amount
    return list(totals.items())
