"""The page that lays products side by side. Its address says which: it can be shared, and needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from api.replica.reading import from_replica
from catalog.attributes import describe_value, label_attribute, read_object
from catalog.models import Product
from catalog.wordings.lexicon import word_category

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MOST = 3  # products beside one another: as many as a small screen has room for


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One property of all the products; `texts` are in their order, empty where one does not say."""

    label: StrPromise | str
    texts: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether not all say the same."""
        return len(set(self.texts)) > 1


@dataclass(frozen=True, slots=True)
class Column:
    """A product with the address of the page without it."""

    product: Product
    without: str


@require_safe
@from_replica
def compare_page(request: HttpRequest) -> HttpResponse:
    """The products whose SKUs the address has, the first MOST that may be seen."""
    products = find_products(request.GET.getlist("sku"))
    skus = [product.sku for product in products]
    context = {
        "columns": [
            Column(product, compare_address([sku for sku in skus if sku != product.sku])) for product in products
        ],
        "rows": compare(products),
        "prices_differ": len({(product.price, product.currency) for product in products}) > 1,
        "stocks_differ": len({product.in_stock for product in products}) > 1,
        "skus": skus,
        "has_room": len(products) < MOST,
        "here": compare_address(skus),
    }
    return render(request, "catalog/compare_page.html", context)


def find_products(skus: Sequence[str]) -> list[Product]:
    """Return the products that may be seen, in this order. As many SKUs again are looked for as there is room."""
    wanted = [sku for sku in dict.fromkeys(skus) if "\0" not in sku][: 2 * MOST]
    found = {product.sku: product for product in Product.objects.shown().filter(sku__in=wanted).for_cards()}
    return [found[sku] for sku in wanted if sku in found][:MOST]


def compare_address(skus: Sequence[str]) -> str:
    return f"{reverse('compare')}?{urlencode({'sku': list(skus)}, doseq=True)}"


def compare(products: Sequence[Product]) -> list[ComparedRow]:
    """Return what the products say of themselves: fields first, then attributes in the order in which they come up."""
    rows = [
        ComparedRow(gettext("Brand"), tuple(product.brand for product in products)),
        ComparedRow(gettext("Category"), tuple(word_category(p.category.path) if p.category else "" for p in products)),
        ComparedRow(gettext("Collection"), tuple(product.collection for product in products)),
    ]
    attributes = [read_object(product.attributes) for product in products]
    for key in dict.fromkeys(key for each in attributes for key in each):
        texts = tuple(describe_value(each.get(key), key=key) for each in attributes)
        rows.append(ComparedRow(label_attribute(key), texts))
    return [row for row in rows if any(row.texts)]
