"""What may be asked of products in a URL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from api.parameters import FieldsField, QueryParameters
from catalog.categories import normalize_path
from catalog.models import ProductQuerySet
from catalog.rest.answers import ProductSerializer

ORDERS = ("sku", "title", "price", "created_at", "updated_at")
MAX_PAGE_SIZE = 100
MAX_SKUS = 100
PRODUCT_FIELDS = ProductSerializer.Meta.fields
IN_STOCK = Q(stock__isnull=True) | Q(stock__gt=0)

# One line for each filter: what a value of it keeps.
FILTERS: dict[str, Callable[[ProductQuerySet, Any], ProductQuerySet]] = {
    "sku": lambda rows, skus: rows.filter(sku__in=skus),
    "category": lambda rows, path: rows.in_category(normalize_path(path)),
    "brand": lambda rows, brands: rows.filter(brand__in=brands),
    "collection": lambda rows, collection: rows.filter(collection=collection),
    "variant_group": lambda rows, group: rows.filter(variant_group=group),
    "price_min": lambda rows, price: rows.filter(price__gte=price),
    "price_max": lambda rows, price: rows.filter(price__lte=price),
    "in_stock": lambda rows, wanted: rows.filter(IN_STOCK if wanted else ~IN_STOCK),
    "is_active": lambda rows, wanted: rows.filter(is_active=wanted),
    "created_since": lambda rows, moment: rows.filter(created_at__gte=moment),
}


class ProductQuery(QueryParameters):
    """Parameters of a single product."""

    fields = FieldsField(choices=PRODUCT_FIELDS)  # type: ignore[assignment]


class ProductListQuery(ProductQuery):
    """Parameters of the list of products."""

    sku = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=MAX_SKUS,
        help_text=f"These products; may be repeated, up to {MAX_SKUS} times",
    )  # fmt: skip
    category = serializers.CharField(required=False, help_text="In this category or below it: a path such as `A/B`")
    brand = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, max_length=MAX_SKUS,
        help_text="Of this brand; may be repeated",
    )  # fmt: skip
    collection = serializers.CharField(required=False, help_text="In this collection")
    variant_group = serializers.CharField(required=False, help_text="Variants of one design")
    price_min = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, required=False, help_text="At this price or above"
    )
    price_max = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, required=False, help_text="At this price or below"
    )
    in_stock = serializers.BooleanField(required=False, help_text="true: only what is in stock; false: the rest")
    is_active = serializers.BooleanField(
        required=False, help_text="false: only what is not for sale, which secret keys and staff alone may see"
    )
    created_since = serializers.DateTimeField(required=False, help_text="Created at this moment (ISO 8601) or later")
    ordering = serializers.ChoiceField(
        choices=[sign + name for name in ORDERS for sign in ("", "-")], default="sku",
        help_text="`-` turns it round; products without a price come last either way",
    )  # fmt: skip
    page_size = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=24)
    cursor = serializers.CharField(required=False, max_length=1000, help_text="`next` of the page before")
    count = serializers.BooleanField(default=False, help_text="true: also count all that match, as `count`")


def filter_products(products: ProductQuerySet, *, wanted: dict[str, Any]) -> ProductQuerySet:
    """Keep the products that pass every filter in `wanted`; other parameters are left alone."""
    for name, keep in FILTERS.items():
        if name in wanted:
            products = keep(products, wanted[name])
    return products
