"""REST: search by a sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import MayRead
from api.replica.reading import from_replica
from catalog.filters import ATTRIBUTE_PARAMETER
from recommendations.requests import Filters, Page
from recommendations.rest.parameters import build_options, make_cursor, read_cursor
from recommendations.rest.search import PhotoQuery, SearchSerializer, quickly, render_search
from recommendations.rest.views import identify
from recommendations.search.kept_photos import find_sound, keep_sound
from recommendations.search.queries import MAX_TEXT_LENGTH
from recommendations.search.sounds import prepare_sound, search_sound

REFUSAL = gettext_noop("Sounds cannot be searched for right now. %s")


class SoundUpload(serializers.Serializer[Any]):
    """A sound to search with."""

    audio = serializers.FileField(help_text="WAV, FLAC, Ogg or MP3; its first 20 seconds are listened to")
    q = serializers.CharField(required=False, allow_blank=True, max_length=MAX_TEXT_LENGTH, help_text="Words, as well")


class SoundQuery(PhotoQuery):
    """Parameters of GET search/audio/: the sound that is kept."""

    image_id = crop = None  # type: ignore[assignment]
    audio_id = serializers.CharField(
        max_length=40, help_text="A sound that was searched with before, by the name that the answer gave it"
    )


class SoundUploadQuery(SoundQuery):
    """Parameters of POST search/audio/; what is searched for is in the form."""

    q = audio_id = cursor = None  # type: ignore[assignment]


@extend_schema_serializer(component_name="SoundSearchAnswer")
class SoundSearchSerializer(SearchSerializer):
    """What is like a sound."""

    audio_id = serializers.CharField(
        allow_null=True,
        help_text="Name of the sound, by which it can be searched again for a while (GET search/audio/); null where "
        "the shop keeps none",
    )


class SoundSearchView(APIView):
    """Products by sound."""

    parser_classes = [MultiPartParser]
    permission_classes = [MayRead]
    problem_statuses = {"GET": [404, 503], "POST": [503]}

    @extend_schema(
        operation_id="searchProductsByKeptSound",
        tags=["search"],
        parameters=[SoundQuery, ATTRIBUTE_PARAMETER],
        responses=SoundSearchSerializer,
    )
    @from_replica
    def get(self, request: Request) -> Response:
        """Search again by a sound that was sent before: with other filters or words, the next page.

        404 where the sound is kept no longer: send it again.
        """
        wanted = SoundQuery.read(request)
        sound = find_sound(wanted["audio_id"])
        if sound is None:
            raise NotFound(gettext("This sound is kept no longer. Send it again."))
        with quickly(REFUSAL):
            return self.answer(request, wanted, sound, name=wanted["audio_id"])

    @extend_schema(
        operation_id="searchProductsBySound",
        tags=["search"],
        parameters=[SoundUploadQuery, ATTRIBUTE_PARAMETER],
        request={"multipart/form-data": SoundUpload},
        responses=SoundSearchSerializer,
    )
    @from_replica
    def post(self, request: Request) -> Response:
        """Search by a sound, or by sound and words together. Its beginning is kept for some minutes to be searched
        again.

        When no worker answers in time the answer is 503 with Retry-After.
        """
        wanted = SoundUploadQuery.read(request)
        upload = SoundUpload(data=request.data)
        upload.is_valid(raise_exception=True)
        with quickly(REFUSAL):
            sound = prepare_sound(upload.validated_data["audio"])
            given = {"q": upload.validated_data.get("q", "")}
            return self.answer(request, {**wanted, **given}, sound, name=keep_sound(sound))

    def answer(self, request: Request, wanted: Mapping[str, Any], sound: bytes, *, name: str) -> Response:
        sent = {key: sorted(request.query_params.getlist(key)) for key in request.query_params}
        asked = identify(sent | {"audio_id": [name], "q": [wanted.get("q", "")]})
        page = read_cursor(wanted["cursor"], asked=asked) if "cursor" in wanted else Page()
        answer = search_sound(
            sound,
            text=wanted.get("q", ""),
            limit=wanted["limit"],
            filters=Filters.from_query(wanted, sent=request.query_params),
            options=build_options(wanted, page=page),
        )
        # Without a name there is no address to go on at.
        cursor = make_cursor(answer.shown, page=page, asked=asked) if name else None
        response = Response(render_search(answer, request, wanted, cursor) | {"audio_id": name or None})
        response["Cache-Control"] = "no-store"
        return response
