"""REST: search by words and by photo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import MayRead
from api.declarations import ChoiceField
from api.problems import RequestError, Unavailable
from catalog.filters import ATTRIBUTE_PARAMETER
from recommendations.requests import Filters, Page
from recommendations.rerank import VARIANTS
from recommendations.rest.examples import LIST
from recommendations.rest.parameters import SimilarQuery, build_options, make_cursor, read_cursor
from recommendations.rest.serializers import ListSerializer, render_list
from recommendations.rest.views import allow_caching, identify
from recommendations.search.queries import BAD_CROP, MAX_TEXT_LENGTH, CropBox, prepare_photo, take_photo_turn
from recommendations.search.services import PHOTO, PHOTO_AND_TEXT, TEXT_MODES, SearchAnswer, search_photo, search_text
from recommendations.worker import WorkerUnavailable

RETRY_AFTER_S = 5
SEARCH: dict[str, Any] = {
    **LIST,
    "strategy": "search",
    "anchors": [],
    "mode": "hybrid",
    "degraded": False,
    "results": [{**LIST["results"][0], "reasons": [{"code": "words", "text": "Contains the words", "rule": None}]}],
}
SEARCH_EXAMPLE = OpenApiExample("Products found", response_only=True, value=SEARCH)


class TextQuery(SimilarQuery):
    """Parameters of GET search/: those of similar/ that mean something without an anchor, and the words."""

    modality = metric = near_duplicates = price_proximity = fallback = explain = placement = None
    strategy = strict = history = hide_known = None  # type: ignore[assignment]
    q = serializers.CharField(max_length=MAX_TEXT_LENGTH, help_text="What to search for, in any language")
    mode = ChoiceField(
        TEXT_MODES,
        default="hybrid",
        help_text="full_text: by words; semantic: by meaning; hybrid: by both, fused by reciprocal rank",
    )
    variants = ChoiceField(VARIANTS[:2], default="show", help_text="show: all; collapse: one of each variant group")


class PhotoQuery(TextQuery):
    """Parameters of POST search/image/; what is searched for is in the form."""

    q = mode = cursor = None  # type: ignore


class PhotoUpload(serializers.Serializer[Any]):
    """A photo to search with."""

    image = serializers.FileField(help_text="JPEG, PNG, WebP or GIF")
    crop = serializers.CharField(
        required=False, max_length=60, help_text="left,top,right,bottom as shares of the picture: 0.1,0.2,0.9,0.8"
    )
    q = serializers.CharField(required=False, allow_blank=True, max_length=MAX_TEXT_LENGTH, help_text="Words, as well")


@extend_schema_serializer(component_name="SearchAnswer")
class SearchSerializer(ListSerializer):
    """What was found."""

    mode = serializers.ChoiceField(choices=[*TEXT_MODES, PHOTO, PHOTO_AND_TEXT], help_text="How it was found")
    degraded = serializers.BooleanField(
        help_text="Whether no worker answered in time, so that words alone were searched"
    )


class TextSearchView(APIView):
    """Products by words and meaning."""

    @extend_schema(
        operation_id="searchProducts",
        tags=["search"],
        parameters=[TextQuery, ATTRIBUTE_PARAMETER],
        responses=SearchSerializer,
        examples=[SEARCH_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """Search by words and by meaning at once.

        When no worker answers in time, words alone are searched: `mode` is then `full_text` and `degraded` true.
        """
        wanted = TextQuery.read(request)
        asked = identify({name: sorted(request.query_params.getlist(name)) for name in request.query_params})
        page = read_cursor(wanted["cursor"], asked=asked) if "cursor" in wanted else Page()
        answer = search_text(
            wanted["q"],
            limit=wanted["limit"],
            filters=Filters.from_query(wanted, sent=request.query_params),
            options=build_options(wanted, page=page),
            mode=wanted["mode"],
        )
        response = Response(render_search(answer, request, wanted, make_cursor(answer.shown, page=page, asked=asked)))
        if answer.degraded:
            response["Cache-Control"] = "no-store"
        else:
            allow_caching(request, response)
        return response


class PhotoSearchView(APIView):
    """Products by photo."""

    parser_classes = [MultiPartParser]
    permission_classes = [MayRead]
    problem_statuses = {"POST": [503]}

    @extend_schema(
        operation_id="searchProductsByPhoto",
        tags=["search"],
        parameters=[PhotoQuery, ATTRIBUTE_PARAMETER],
        request={"multipart/form-data": PhotoUpload},
        responses=SearchSerializer,
        examples=[SEARCH_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Search by a photo, or by a photo and words together. The photo is not kept.

        When no worker answers in time the answer is 503 with Retry-After.
        """
        wanted = PhotoQuery.read(request)
        upload = PhotoUpload(data=request.data)
        upload.is_valid(raise_exception=True)
        sent = upload.validated_data
        try:
            with take_photo_turn():
                answer = search_photo(
                    prepare_photo(sent["image"], crop=read_crop(sent.get("crop", ""))),
                    text=sent.get("q", ""),
                    limit=wanted["limit"],
                    filters=Filters.from_query(wanted, sent=request.query_params),
                    options=build_options(wanted, page=Page()),
                )
        except WorkerUnavailable as error:
            said = gettext("Photos cannot be searched right now. %s") % error
            raise Unavailable(said, wait=RETRY_AFTER_S) from error
        response = Response(render_search(answer, request, wanted, None))
        response["Cache-Control"] = "no-store"
        return response


def read_crop(text: str) -> CropBox | None:
    """Return the crop box that `left,top,right,bottom` means, None for an empty text. Raises RequestError."""
    if not text:
        return None
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError as error:
        raise RequestError("crop", str(BAD_CROP)) from error
    return CropBox(left, top, right, bottom)


def render_search(
    answer: SearchAnswer, request: Request, wanted: Mapping[str, Any], cursor: str | None
) -> dict[str, Any]:
    body = render_list(answer.shown, request=request, fields=wanted.get("fields") or (), cursor=cursor)
    return {**body, "mode": answer.mode, "degraded": answer.degraded}
