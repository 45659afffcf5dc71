"""REST: why one product is similar to another."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.parameters import QueryParameters
from api.replica.reading import from_replica
from catalog.models import Product
from recommendations.explanations.services import Why, explain_pair
from recommendations.rest.serializers import ExplanationSerializer, render_explanation

MAX_AGE_S = 300
OK, PENDING, NOT_EMBEDDED = "ok", "looking", "embedding_pending"
SHARES: dict[str, Any] = {
    "text_share": 0.58,
    "image_share": 0.42,
    "text_similarity": 0.41,
    "image_similarity": 0.44,
    "shares": {"text": 0.58, "image": 0.42},
    "similarities": {"text": 0.41, "image": 0.44},
    "similarity": 0.5,
    "contributions": {"text": 0.29, "image": 0.21},
    "labels": {"text": "Text", "image": "Picture"},
    "shared": {"category": "Tableware/Mugs", "style": "nordic"},
}
EXAMPLE = OpenApiExample(
    "Why a mug is similar to another",
    response_only=True,
    value={
        "status": OK,
        "anchor": "MUG-101",
        "sku": "MUG-107",
        "explanation": SHARES,
        "words": [{"word": "mug", "weight": 1.0}, {"word": "glazed", "weight": 0.31}],
        "heat_map_url": "https://shop.example/explanations/" + "0" * 64 + ".png",
    },
)


class WordSerializer(serializers.Serializer[Any]):
    """A word, and how much similarity is lost without it; 1 is the most important."""

    word = serializers.CharField()
    weight = serializers.FloatField()


class WhySerializer(serializers.Serializer[Any]):
    """Why one product is similar to another."""

    status = serializers.ChoiceField(
        choices=[OK, PENDING, NOT_EMBEDDED],
        help_text="looking: words and heat map are on their way, ask again; embedding_pending: nothing to compare yet",
    )
    anchor = serializers.CharField()
    sku = serializers.CharField()
    explanation = ExplanationSerializer(allow_null=True)
    words = WordSerializer(many=True, allow_null=True)
    heat_map_url = serializers.URLField(allow_null=True, help_text="A transparent PNG to lay over the first picture")


class WhyQuery(QueryParameters):
    """It takes no parameters."""


class WhyView(APIView):
    """Why one product is similar to another."""

    @extend_schema(
        operation_id="explainSimilarity",
        tags=["recommendations"],
        parameters=[WhyQuery],
        responses=WhySerializer,
        examples=[EXAMPLE],
    )
    @from_replica
    def get(self, request: Request, sku: str, other: str) -> Response:
        """Say why a product is similar to another: shares, common attributes, words, and where on the picture.

        The worker looks at words and picture when they are first asked for; until then the status is `looking`.
        """
        WhyQuery.read(request)
        ids = dict(Product.objects.shown().filter(sku__in=[sku, other]).values_list("sku", "pk"))
        for wanted in (sku, other):
            if wanted not in ids:
                raise NotFound(gettext("There is no product with the SKU %s.") % wanted)
        why = explain_pair(ids[sku], ids[other])
        response = Response({"anchor": sku, "sku": other, **render_why(why, request)})
        ready = why is not None and not why.is_pending
        response["Cache-Control"] = f"public, max-age={MAX_AGE_S}" if ready else "no-store"
        return response


def render_why(why: Why | None, request: Request) -> dict[str, Any]:
    if why is None:
        return {"status": NOT_EMBEDDED, "explanation": None, "words": None, "heat_map_url": None}
    words = None if why.words is None else [{"word": word, "weight": weight} for word, weight in why.words.items()]
    url = reverse("heat_map", args=[why.heat_map_key]) if why.heat_map_key else None
    return {
        "status": PENDING if why.is_pending else OK,
        "explanation": render_explanation(why.pair),
        "words": words,
        "heat_map_url": request.build_absolute_uri(url) if url else None,
    }
