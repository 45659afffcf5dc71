"""The shop's pages: the product list with what there is to choose from, the product page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.core.paginator import Page
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from api.counts import MAX_COUNTED, BoundedPaginator
from api.field import current_field
from api.pagination import Keyset
from api.replica.reading import from_replica
from catalog.categories import normalize_path
from catalog.filters import Filters
from catalog.models import Category, Product, ProductQuerySet
from catalog.wordings.lexicon import word_category

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


PAGE_SIZE = 24
SHOWN_BRANDS = 40
MAX_SORTED = 50_000  # products: 0.1 s
MANY = 1_000  # products: of so many, the brands are not counted for each visitor
BRANDS_KEEP_S = 600
MAX_TEXT = 1000  # characters of a parameter; longer ones are cut
ORDERS: dict[str, tuple[StrPromise, Keyset]] = {
    "newest": (gettext_lazy("Newest"), Keyset("-created_at")),
    "price": (gettext_lazy("Price, low to high"), Keyset("price")),
    "-price": (gettext_lazy("Price, high to low"), Keyset("-price")),
    "title": (gettext_lazy("Name"), Keyset("title")),
}


class ProductPaginator(BoundedPaginator):
    """Pages of cards in one of the orders."""

    def __init__(self, products: ProductQuerySet, *, order: str, by_name: bool) -> None:
        """`by_name`: whether a brand or a collection is chosen."""
        super().__init__(products, PAGE_SIZE)
        self.keyset, self.by_name = ORDERS[order][1], by_name

    def page(self, number: int | str) -> Page[Product]:
        """Return that page. Which products are on it is found in an index alone; only theirs are read then."""
        number = self.validate_number(number)
        start, stop = (number - 1) * PAGE_SIZE, min(number * PAGE_SIZE, self.count)
        ids = self.object_list.values_list("pk", flat=True)
        if self.keyset.field == "title" and self.by_name and self.counted.number <= MAX_SORTED:
            # The index of titles knows neither, and products of one brand often begin alike: Postgres, which expects
            # them everywhere, would read half of the catalogue to come to them. They are sorted instead.
            shown = list(ids.order_by(Concat("title", Value("")), "pk")[start:stop])
        else:
            shown = self.keyset.read(ids, start=start, stop=stop)
        cards = Product.objects.for_cards().in_bulk(shown)
        return Page([cards[pk] for pk in shown if pk in cards], number, self)


@dataclass(frozen=True)
class Listing:
    """What a visitor asked for."""

    category: str = ""
    brand: str = ""
    collection: str = ""
    in_stock: bool = False
    order: str = "newest"
    page: str = "1"

    @classmethod
    def from_query(cls, query: QueryDict) -> Listing:
        """Read the parameters of a URL."""
        texts = {
            name: query.get(name, "").replace("\x00", "")[:MAX_TEXT].strip()  # of blanks alone is nothing chosen
            for name in ("brand", "collection", "page")
        }
        order = query.get("order", "")
        return cls(
            category=normalize_path(query.get("category", "").replace("\x00", "")[:MAX_TEXT]),
            in_stock=query.get("in_stock") == "1",
            order=order if order in ORDERS else "newest",
            **texts,
        )

    @property
    def category_name(self) -> str:
        """What the category is called in the visitor's language."""
        return word_category(self.category)

    @property
    def is_narrowed(self) -> bool:
        """Whether there may be more products than match."""
        return bool(self.category or self.brand or self.collection or self.in_stock)

    def products(self) -> ProductQuerySet:
        """Everything that matches."""
        return self.filtered(self.in_category)

    def page_of_products(self) -> Page[Product]:
        """The page asked for; the last one where there are not so many."""
        by_name = bool(self.brand or self.collection)
        return ProductPaginator(self.products(), order=self.order, by_name=by_name).get_page(self.page)

    @cached_property
    def in_category(self) -> ProductQuerySet:
        """What shoppers may see of the category."""
        shown = Product.objects.shown()
        return shown.in_category(self.category) if self.category else shown

    def filtered(self, products: ProductQuerySet) -> ProductQuerySet:
        """Without what the visitor filtered out."""
        given = {"brand": self.brand, "collection": self.collection, "in_stock": self.in_stock}
        return products.passing(Filters.read({name: value for name, value in given.items() if value}))

    def categories(self) -> list[Category]:
        """The roots, and everything one step below the chosen category and its ancestors, in order of the tree."""
        names = self.category.split("/") if self.category else []
        open_paths = ["/".join(names[:count]) for count in range(1, len(names) + 1)]
        return list(Category.objects.filter(Q(parent=None) | Q(parent__path__in=open_paths)))

    def brands(self) -> list[str]:
        """The brands with the most products in this category, by name, the chosen one among them.

        Of a large category its newest products are counted, and what they come to is kept for some minutes.
        """
        key = f"catalog:brands:{sha256(self.category.encode()).hexdigest()}"
        brands: list[str] | None = cache.get(key)
        if brands is None:
            newest = self.in_category.exclude(brand="").order_by("-created_at", "-pk")
            counts = Counter(newest.values_list("brand", flat=True)[:MAX_COUNTED])
            brands = sorted(counts, key=lambda brand: (-counts[brand], brand))[:SHOWN_BRANDS]
            if counts.total() >= MANY:
                cache.set(key, brands, BRANDS_KEEP_S)
        return sorted({*brands, self.brand} - {""}, key=str.casefold)


SHOWN_VARIANTS = 12


@require_safe
@from_replica
def product_list(request: HttpRequest) -> HttpResponse:
    """The shop's front page: products as cards, by category, brand, collection and stock."""
    listing = Listing.from_query(request.GET)
    categories = listing.categories()
    has_prices = "price" not in current_field().hidden
    if listing.category and listing.category not in {category.path for category in categories}:
        raise Http404("There is no such category")
    context = {
        "listing": listing,
        "page": listing.page_of_products(),
        "categories": categories,
        "brands": listing.brands(),
        "orders": [(value, label) for value, (label, _) in ORDERS.items() if has_prices or "price" not in value],
    }
    return render(request, "catalog/product_list.html", context)


@require_safe
@from_replica
def product_page(request: HttpRequest, sku: str) -> HttpResponse:
    """One product. What is similar to it comes from the slot that the recommendations app fills."""
    product = get_object_or_404(Product.objects.shown().for_cards(), sku=sku)
    return render(request, "catalog/product_page.html", {"product": product, "variants": other_variants(product)})


def other_variants(product: Product) -> ProductQuerySet:
    """The other colours or sizes of the product's design."""
    if not product.variant_group:
        return Product.objects.none()
    others = Product.objects.shown().filter(variant_group=product.variant_group).exclude(pk=product.pk)
    return others.for_cards()[:SHOWN_VARIANTS]
