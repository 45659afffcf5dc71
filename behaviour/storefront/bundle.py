"""A product with what is often bought together with it: one price, one button, and ticks to leave something out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from behaviour.storefront.cart import add_up, may_be_bought
from behaviour.storefront.lists import make_bundle
from catalog.models import Product
from recommendations.visitors import Visitor

MOST_OTHERS = 3  # products beside the one of the page


@dataclass(frozen=True)
class Bundle:
    """The product of the page first."""

    recommendation_id: str
    products: tuple[Product, ...]

    @property
    def total(self) -> list[tuple[str, Decimal]]:
        """What all of it costs, each currency alone. What is reduced counts as it is."""
        return self.total_of((1 << len(self.products)) - 1)

    def total_of(self, ticked: int) -> list[tuple[str, Decimal]]:
        """What those cost whose bit is set, the first product's the lowest."""
        chosen = [product for place, product in enumerate(self.products) if ticked >> place & 1]
        return add_up((product.currency, product.price) for product in chosen if product.price is not None)

    def word_subsets(self, word: Callable[[list[tuple[str, Decimal]]], str]) -> list[str]:
        """Return the price of every choice in words, by its bits: a script has nothing to add up or to round."""
        return [word(self.total_of(ticked)) for ticked in range(1 << len(self.products))]


def make_bundle_of(product: Product, *, visitor: Visitor) -> Bundle | None:
    """Return the bundle of a product, None where nothing is bought together with it, or it cannot be bought itself."""
    found = make_bundle(product, visitor=visitor) if may_be_bought(product) else None
    others = [item.product for item in found if may_be_bought(item.product)][:MOST_OTHERS] if found else []
    return Bundle(found.recommendation_id, (product, *others)) if found and others else None
