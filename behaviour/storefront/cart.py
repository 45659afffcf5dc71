"""A shopper's cart. It is kept in a signed cookie: the server remembers nothing, and no page asks a table for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from catalog.models import Product

COOKIE = "kindred_cart"
SALT = "behaviour.storefront.cart"
KEPT_S = 30 * 86_400
MAX_LINES = 50  # 50 numbers of products with their quantities take 0.6 kB of the 4 kB that a cookie may have
MAX_PIECES = 99  # of one product


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

    @classmethod
    def read(cls, request: HttpRequest) -> Cart:
        """Return the cart of the visitor, an empty one where the cookie is none of ours."""
        said = request.get_signed_cookie(COOKIE, default="", salt=SALT, max_age=KEPT_S) or ""
        pairs = (pair.partition("x")[::2] for pair in said.split(".") if pair)
        return cls({int(product_id): int(quantity) for product_id, quantity in pairs})

    def save(self, response: HttpResponse) -> None:
        """Have the browser keep it."""
        if not self.quantities:
            response.delete_cookie(COOKIE, samesite="Lax")
            return
        said = ".".join(f"{product_id}x{quantity}" for product_id, quantity in self.quantities.items())
        secure = settings.SESSION_COOKIE_SECURE
        response.set_signed_cookie(
            COOKIE, said, salt=SALT, max_age=KEPT_S, secure=secure, httponly=True, samesite="Lax"
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

    def drop_all_but(self, lines: Iterable[Line]) -> int:
        """Take out what is not to be seen any more. Returns how many products that were."""
        before = len(self.quantities)
        self.quantities = {line.product.pk: line.quantity for line in lines}
        return before - len(self.quantities)


def may_be_bought(product: Product) -> bool:
    """Whether it can be bought here. What has a page in the shop itself is sold there."""
    return product.price is not None and product.in_stock and not product.url


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
