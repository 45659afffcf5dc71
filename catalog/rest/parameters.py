"""What may be asked of products in a URL."""

from __future__ import annotations

from typing import Any

from django.utils.datastructures import MultiValueDict
from rest_framework import serializers

from api.declarations import TextsField
from api.pagination import MAX_CURSOR_LENGTH
from api.parameters import FieldsField, QueryParameters, whole_answers
from catalog.conditions import Condition
from catalog.facets import Facets, count_facets
from catalog.filters import ATTRIBUTE_PREFIX, Filters
from catalog.models import ProductQuerySet
from catalog.rest.answers import ProductSerializer

ORDERS = ("sku", "title", "price", "created_at", "updated_at")
MAX_PAGE_SIZE = 100
MAX_SKUS = 100
PRODUCT_FIELDS = ProductSerializer.Meta.fields


@whole_answers
class ProductQuery(QueryParameters):
    """Parameters of a single product."""

    fields = FieldsField(choices=PRODUCT_FIELDS)  # type: ignore[assignment]


class ProductListQuery(ProductQuery):
    """Parameters of the list of products: the filters, and what only this list has."""

    declarations = (Filters,)
    open_prefixes = (ATTRIBUTE_PREFIX,)

    sku = TextsField(
        f"These products; may be repeated, up to {MAX_SKUS} times",
        child=serializers.CharField(max_length=100),
        max_length=MAX_SKUS,
    )
    is_active = serializers.BooleanField(
        required=False, help_text="false: only what is not for sale, which secret keys and staff alone may see"
    )
    ordering = serializers.ChoiceField(
        choices=[sign + name for name in ORDERS for sign in ("", "-")], default="sku",
        help_text="`-` turns it round; products without a price come last either way",
    )  # fmt: skip
    page_size = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=24)
    cursor = serializers.CharField(required=False, max_length=MAX_CURSOR_LENGTH, help_text="`next` of the page before")
    count = serializers.BooleanField(default=False, help_text="true: also count all that match, as `count`")
    facets = serializers.BooleanField(
        default=False, help_text="true: also count what the list can be narrowed by, as `facets`"
    )


def filter_products(
    products: ProductQuerySet, *, wanted: dict[str, Any], sent: MultiValueDict[str, str]
) -> ProductQuerySet:
    """Keep the products that pass the filters in `wanted` and the attributes that were `sent`. Raises RequestError."""
    products = products.passing(Filters.from_query(wanted, sent=sent))
    if "sku" in wanted:
        products = products.filter(sku__in=wanted["sku"])
    if "is_active" in wanted:
        products = products.filter(is_active=wanted["is_active"])
    return products


def count_listed(wanted: dict[str, Any], *, sent: MultiValueDict[str, str], with_inactive: bool) -> Facets:
    """Count what the list that `filter_products` makes can be narrowed by. Raises RequestError."""
    filters = Filters.from_query(wanted, sent=sent)
    conditions = list(filters.conditions())
    if "sku" in wanted:
        conditions.append(Condition("sku", "{0} = ANY({1})", (list(wanted["sku"]),)))
    if "is_active" in wanted:
        conditions.append(Condition("is_active", "{0} = {1}", (wanted["is_active"],)))
    return count_facets(conditions, below=filters.category, with_inactive=with_inactive)
