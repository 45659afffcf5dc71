"""REST: search by words and by photo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext, gettext_noop
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import MayRead
from api.declarations import ChoiceField, TextsField
from api.problems import RequestError, Unavailable
from api.replica.reading import from_replica
from catalog.filters import ATTRIBUTE_PARAMETER
from recommendations.requests import Filters, Page
from recommendations.rerank import VARIANTS
from recommendations.rest.examples import LIST
from recommendations.rest.parameters import SimilarQuery, build_options, make_cursor, read_cursor
from recommendations.rest.serializers import ListSerializer, render_list
from recommendations.rest.understood import FoundSerializer, render_found
from recommendations.rest.views import allow_caching, identify
from recommendations.search.kept_photos import KEPT_SIDE_PX, find_photo, keep_photo
from recommendations.search.plan import PHOTO, PHOTO_AND_TEXT, RELEVANCE, SORTS, SOUND, SOUND_AND_TEXT, TEXT_MODES
from recommendations.search.queries import BAD_CROP, MAX_TEXT_LENGTH, CropBox, prepare_photo, take_photo_turn
from recommendations.search.services import MAX_PHOTOS, SearchAnswer, search_photos, search_text
from recommendations.worker import WorkerUnavailable

RETRY_AFTER_S = 5
REFUSAL = gettext_noop("Photos cannot be searched right now. %s")
MAX_WITHOUT = 20  # readings that are taken away
CROP_HELP = "left,top,right,bottom as shares of the picture: 0.1,0.2,0.9,0.8"
SEARCH: dict[str, Any] = {
    **LIST,
    "strategy": "search",
    "anchors": [],
    "mode": "hybrid",
    "degraded": False,
    "understood": {
        "readings": [
            {
                "key": "colour:blue",
                "kind": "colour",
                "words": "blue",
                "label": "Blue",
                "values": ["blue"],
                "negated": False,
                "low": None,
                "high": None,
                "unit": "",
                "applied": "filter",
            }
        ],
        "rest": "",
        "corrected": None,
    },
    "did_you_mean": None,
    "near": [],
    "facets": None,
    "redirect": None,
    "results": [{**LIST["results"][0], "reasons": [{"code": "words", "text": "Contains the words", "rule": None}]}],
}
PHOTO_SEARCH: dict[str, Any] = {**SEARCH, "mode": "photo", "understood": None, "image_ids": ["3q2-7wAAAAAAAAAAAAAAAA"]}
PHOTO_EXAMPLE = OpenApiExample("Products like a photo", response_only=True, value=PHOTO_SEARCH)
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
    sort = ChoiceField(tuple(SORTS), default=RELEVANCE, help_text="Of what was found; `-price`: the dearest first")
    facets = serializers.BooleanField(default=False, help_text="true: count what the list can be narrowed by")
    without = TextsField(
        "The key of a reading in `understood` that is not meant, whose words are then searched for as words; "
        "`spelling`: search for what was written; may be repeated",
        child=serializers.CharField(max_length=1000),
        max_length=MAX_WITHOUT,
    )


class PhotoQuery(TextQuery):
    """Parameters of GET search/image/: the photo that is kept, and how to look at it."""

    mode = sort = facets = without = None  # type: ignore[assignment]
    q = serializers.CharField(required=False, allow_blank=True, max_length=MAX_TEXT_LENGTH, help_text="Words, as well")
    image_id = TextsField(
        "A photo that was searched with before, by the name that the answer gave it; may be repeated",
        child=serializers.CharField(max_length=40),
        max_length=MAX_PHOTOS,
    )
    crop = serializers.CharField(required=False, max_length=60, help_text=CROP_HELP)


class PhotoUploadQuery(PhotoQuery):
    """Parameters of POST search/image/; what is searched for is in the form."""

    q = image_id = crop = cursor = None  # type: ignore[assignment]


class PhotoUpload(serializers.Serializer[Any]):
    """A photo to search with, or several of one thing."""

    image = serializers.ListField(
        child=serializers.FileField(), max_length=MAX_PHOTOS, help_text="JPEG, PNG, WebP or GIF; up to 5 of them"
    )
    crop = serializers.CharField(required=False, max_length=60, help_text=CROP_HELP)
    q = serializers.CharField(required=False, allow_blank=True, max_length=MAX_TEXT_LENGTH, help_text="Words, as well")


@extend_schema_serializer(component_name="SearchAnswer")
class SearchSerializer(ListSerializer, FoundSerializer):
    """What was found."""

    mode = serializers.ChoiceField(
        choices=[*TEXT_MODES, PHOTO, PHOTO_AND_TEXT, SOUND, SOUND_AND_TEXT], help_text="How it was found"
    )
    degraded = serializers.BooleanField(
        help_text="Whether no worker answered in time, so that words alone were searched"
    )


@extend_schema_serializer(component_name="PhotoSearchAnswer")
class PhotoSearchSerializer(SearchSerializer):
    """What is like a photo."""

    image_ids = serializers.ListField(
        child=serializers.CharField(),
        help_text="Names of the photos, by which they can be searched again for a while (`image_id` of GET "
        "search/image/); empty where the shop keeps none",
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
    @from_replica
    def get(self, request: Request) -> Response:
        """Search by words and by meaning at once, within what was understood.

        What the words say of category, colour, price and the like filters, and is in the answer as `understood`.
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
            sort=wanted["sort"],
            without=tuple(wanted.get("without", ())),
            with_facets=wanted["facets"],
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
    problem_statuses = {"GET": [404, 503], "POST": [503]}

    @extend_schema(
        operation_id="searchProductsByKeptPhoto",
        tags=["search"],
        parameters=[PhotoQuery, ATTRIBUTE_PARAMETER],
        responses=PhotoSearchSerializer,
        examples=[PHOTO_EXAMPLE],
    )
    @from_replica
    def get(self, request: Request) -> Response:
        """Search again by a photo that was sent before: another part of it, other filters, the next page.

        404 where the photo is kept no longer: send it again.
        """
        wanted = PhotoQuery.read(request)
        names = list(wanted.get("image_id", ()))
        if not names:
            raise RequestError("image_id", gettext("Name a photo, or send one by POST."))
        photos = [find_photo(name) for name in names]
        if any(photo is None for photo in photos):
            raise NotFound(gettext("This photo is kept no longer. Send it again."))
        return self.answer(request, wanted, [photo for photo in photos if photo], names=names)

    @extend_schema(
        operation_id="searchProductsByPhoto",
        tags=["search"],
        parameters=[PhotoUploadQuery, ATTRIBUTE_PARAMETER],
        request={"multipart/form-data": PhotoUpload},
        responses=PhotoSearchSerializer,
        examples=[PHOTO_EXAMPLE],
    )
    @from_replica
    def post(self, request: Request) -> Response:
        """Search by a photo or several of one thing, or by photo and words together.

        The photo is kept for some minutes to be searched again. When no worker answers in time the answer is 503 with
        Retry-After.
        """
        wanted = PhotoUploadQuery.read(request)
        upload = PhotoUpload(data=request.data)
        upload.is_valid(raise_exception=True)
        sent = upload.validated_data
        given = {name: sent[name] for name in ("crop", "q") if name in sent}
        with quickly(REFUSAL):
            photos = [prepare_photo(image, side_px=KEPT_SIDE_PX) for image in sent["image"]]
        names = [name for name in map(keep_photo, photos) if name]
        return self.answer(request, {**wanted, **given}, photos, names=names)

    def answer(
        self, request: Request, wanted: Mapping[str, Any], photos: Sequence[bytes], *, names: Sequence[str]
    ) -> Response:
        asked = identify(
            {name: sorted(request.query_params.getlist(name)) for name in request.query_params if name != "image_id"}
            | {"image_id": sorted(names), "crop": [wanted.get("crop", "")], "q": [wanted.get("q", "")]}
        )
        page = read_cursor(wanted["cursor"], asked=asked) if "cursor" in wanted else Page()
        crop = read_crop(wanted.get("crop", ""))
        with quickly(REFUSAL):
            answer = search_photos(
                [prepare_photo(photo, crop=crop) for photo in photos],
                text=wanted.get("q", ""),
                limit=wanted["limit"],
                filters=Filters.from_query(wanted, sent=request.query_params),
                options=build_options(wanted, page=page),
            )
        # Without a name there is no address to go on at.
        cursor = make_cursor(answer.shown, page=page, asked=asked) if names else None
        response = Response(render_search(answer, request, wanted, cursor) | {"image_ids": list(names)})
        response["Cache-Control"] = "no-store"
        return response


@contextmanager
def quickly(refusal: str) -> Iterator[None]:
    """Hold a place for photos or sounds, and answer 503 where there is none or no worker.

    refusal: what is said then, marked for translation, with the reason in place of its %s.
    """
    try:
        with take_photo_turn():
            yield
    except WorkerUnavailable as error:
        raise Unavailable(gettext(refusal) % error, wait=RETRY_AFTER_S) from error


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
    return {**body, **render_found(answer, request), "mode": answer.mode, "degraded": answer.degraded}
