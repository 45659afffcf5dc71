"""REST: lists of recommendations."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommendations.cursors import CursorError, make_cursor, read_cursor
from recommendations.filters import FilterError
from recommendations.options import OptionError, Page
from recommendations.parameters import SimilarQuery, build_filters, build_options
from recommendations.serializers import ListSerializer, render_list
from recommendations.services import UnknownAnchor, recommend

MAX_AGE_S = 30  # how long an unpersonalised list may be reused without asking again

EXAMPLE = OpenApiExample(
    "Products similar to a mug",
    response_only=True,
    value={
        "recommendation_id": "1f0c7a2be2f04cde8fb0a1c3a5f4d9e0",
        "strategy": "similar",
        "status": "ok",
        "anchors": ["MUG-101"],
        "space": "first",
        "search": "exact",
        "fallback_used": False,
        "results": [
            {
                "position": 1,
                "sku": "MUG-110",
                "title": "Birk Mug",
                "url": "https://shop.example/products/MUG-110/",
                "image_url": "https://shop.example/images/17/640.webp?v=0a1b2c3d",
                "price": "14.90",
                "currency": "EUR",
                "in_stock": True,
                "distance": 0.183594,
                "similarity": 0.816406,
                "score": 0.816406,
                "reasons": [{"code": "similar", "text": "Similar to Halla Mug, speckled white", "rule": None}],
            }
        ],
        "next": None,
    },
)
ATTRIBUTE_PARAMETER = OpenApiParameter(
    "attr.NAME",
    str,
    many=True,
    description="The attribute NAME has this value, such as `attr.colour=sage`; repeated, the values are alternatives",
)


class SimilarView(APIView):
    """Products like one product."""

    @extend_schema(
        operation_id="similar_products",
        tags=["recommendations"],
        parameters=[SimilarQuery, ATTRIBUTE_PARAMETER],
        responses=ListSerializer,
        examples=[EXAMPLE],
    )
    def get(self, request: Request, sku: str) -> Response:
        """List the products most similar to one product.

        The list is as long as asked for wherever enough products may be shown; `search` says whether every product was
        compared. While the product waits to be embedded the list is empty and its status `embedding_pending`.
        """
        wanted = SimilarQuery.read(request)
        asked = fingerprint_of(request, sku)
        page = Page()
        try:
            if "cursor" in wanted:
                page = read_cursor(wanted["cursor"], asked=asked)
            shown = recommend(
                wanted["strategy"],
                anchors=[sku],
                limit=wanted["limit"],
                filters=build_filters(wanted, sent=request.query_params),
                options=build_options(wanted, page=page),
            )
        except (FilterError, OptionError, CursorError) as error:
            raise ValidationError({error.name: [error.message]}) from error
        except UnknownAnchor as error:
            raise NotFound(str(error)) from error
        cursor = make_cursor(shown, page=page, asked=asked)
        response = Response(render_list(shown, request=request, fields=wanted.get("fields") or (), cursor=cursor))
        allow_caching(request, response)
        return response


def fingerprint_of(request: Request, sku: str) -> str:
    """Identify the list: everything that is asked for but how it is cut into pages and fields."""
    parts = sorted(
        (name, sorted(request.query_params.getlist(name)))
        for name in request.query_params
        if name not in ("cursor", "fields", "limit")
    )
    return repr((sku, parts))


def allow_caching(request: Request, response: Response) -> None:
    """Such a list is the same for everyone; the ETag is the middleware's."""
    personal: Any = request.auth or request.COOKIES
    response["Cache-Control"] = f"{'private' if personal else 'public'}, max-age={MAX_AGE_S}"
