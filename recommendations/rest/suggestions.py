"""REST: what a search may become while it is typed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.declarations import WholeNumberField
from api.parameters import QueryParameters, whole_answers
from api.replica.reading import from_replica
from api.requests import find_origin
from catalog.rest.answers import PriceField, complete_address, render_price
from recommendations.rest.views import allow_caching
from recommendations.search.queries import MAX_TEXT_LENGTH
from recommendations.search.suggesting import MOST, ORDER, Suggestion, suggest

EXAMPLE: dict[str, Any] = {
    "suggestions": [
        {
            "kind": "category", "text": "mug", "label": "Mugs", "sku": None, "url": "https://shop.example/?category=Mugs",
            "image_url": None, "price": None, "currency": "",
        }
    ],
    "did_you_mean": None,
}  # fmt: skip


@whole_answers
class SuggestQuery(QueryParameters):
    """Parameters of GET search/suggest/."""

    q = serializers.CharField(
        max_length=MAX_TEXT_LENGTH, allow_blank=True, help_text="What has been typed so far, in any language"
    )
    limit = WholeNumberField(1, 20, default=MOST)


class SuggestionSerializer(serializers.Serializer[Any]):
    """One thing to choose."""

    kind = serializers.ChoiceField(choices=[*ORDER, "product"])
    text = serializers.CharField(help_text="What would be searched for")
    label = serializers.CharField(help_text="What it is called in the shop")  # type: ignore[assignment]
    url = serializers.URLField(help_text="A category, brand or product of the shop, else a search for the text")
    sku = serializers.CharField(allow_null=True, help_text="Of a product")
    image_url = serializers.URLField(allow_null=True, help_text="Of a product, small")
    price = PriceField(allow_null=True)
    currency = serializers.CharField(help_text="ISO 4217; empty: not known")


@extend_schema_serializer(component_name="SuggestionList")
class SuggestionsSerializer(serializers.Serializer[Any]):
    """What may be meant."""

    suggestions = SuggestionSerializer(many=True)
    did_you_mean = serializers.CharField(
        allow_null=True, help_text="Where nothing begins so: the text with its misspelt words put right"
    )


class SuggestView(APIView):
    """Completions."""

    @extend_schema(
        operation_id="suggestSearches",
        tags=["search"],
        parameters=[SuggestQuery],
        responses=SuggestionsSerializer,
        examples=[OpenApiExample("Suggestions", response_only=True, value=EXAMPLE)],
    )
    @from_replica
    def get(self, request: Request) -> Response:
        """Complete what is being typed: categories, searches of others, brands, values, colours and products."""
        wanted = SuggestQuery.read(request)
        found = suggest(wanted["q"], limit=wanted["limit"])
        origin = find_origin(request)
        suggestions = [render_suggestion(one, origin=origin) for one in found.found]
        response = Response({"suggestions": suggestions, "did_you_mean": found.did_you_mean or None})
        allow_caching(request, response)
        return response


def render_suggestion(one: Suggestion, *, origin: str) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "text": one.text,
        "label": one.label,
        "url": complete_address(one.url, origin=origin),
        "sku": one.sku or None,
        "image_url": complete_address(one.image, origin=origin) if one.image else None,
        "price": render_price(one.price),
        "currency": one.currency,
    }
