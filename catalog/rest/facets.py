"""REST: what a list of products can be narrowed by, with how many have each."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from catalog.facets import Facets, FacetValue
from catalog.rest.answers import render_price


class FacetValueSerializer(serializers.Serializer[Any]):
    """A value to narrow a list by."""

    value = serializers.CharField(help_text="As its filter takes it")
    label = serializers.CharField(help_text="In the language of Accept-Language")  # type: ignore[assignment]
    count = serializers.IntegerField(help_text="How many products have it")


class PriceRangeSerializer(serializers.Serializer[Any]):
    """Prices to narrow a list to; null is no bound."""

    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


@extend_schema_serializer(component_name="Facets")
class FacetsSerializer(serializers.Serializer[Any]):
    """What a list can be narrowed by."""

    is_exact = serializers.BooleanField(help_text="false: counted in a sample of more than 5,000 products")
    category = FacetValueSerializer(many=True)
    brand = FacetValueSerializer(many=True)
    colour = FacetValueSerializer(many=True)
    price = PriceRangeSerializer(many=True)
    attributes = serializers.DictField(
        child=FacetValueSerializer(many=True), help_text="By name; a value is filtered by as `attr.NAME`"
    )


def render_facets(facets: Facets) -> dict[str, Any]:
    return {
        "is_exact": facets.is_exact,
        "category": [render_value(one) for one in facets.category],
        "brand": [render_value(one) for one in facets.brand],
        "colour": [render_value(one) for one in facets.colour],
        "price": [
            {"low": render_price(one.low), "high": render_price(one.high), "count": one.count} for one in facets.price
        ],
        "attributes": {name: [render_value(one) for one in values] for name, values in facets.attributes.items()},
    }


def render_value(value: FacetValue) -> dict[str, Any]:
    return {"value": value.value, "label": value.label, "count": value.count}
