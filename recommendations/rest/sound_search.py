"""REST: search by a sound."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import MayRead
from api.problems import Unavailable
from catalog.filters import ATTRIBUTE_PARAMETER
from recommendations.requests import Filters, Page
from recommendations.rest.parameters import build_options
from recommendations.rest.search import RETRY_AFTER_S, PhotoUploadQuery, SearchSerializer, render_search
from recommendations.search.queries import MAX_TEXT_LENGTH, take_photo_turn
from recommendations.search.sounds import prepare_sound, search_sound
from recommendations.worker import WorkerUnavailable


class SoundUpload(serializers.Serializer[Any]):
    """A sound to search with."""

    audio = serializers.FileField(help_text="WAV, FLAC, Ogg or MP3; its first 20 seconds are listened to")
    q = serializers.CharField(required=False, allow_blank=True, max_length=MAX_TEXT_LENGTH, help_text="Words, as well")


class SoundSearchView(APIView):
    """Products by sound."""

    parser_classes = [MultiPartParser]
    permission_classes = [MayRead]
    problem_statuses = {"POST": [503]}

    @extend_schema(
        operation_id="searchProductsBySound",
        tags=["search"],
        parameters=[PhotoUploadQuery, ATTRIBUTE_PARAMETER],
        request={"multipart/form-data": SoundUpload},
        responses=SearchSerializer,
    )
    def post(self, request: Request) -> Response:
        """Search by a sound, or by sound and words together. The sound is not kept.

        When no worker answers in time the answer is 503 with Retry-After.
        """
        wanted = PhotoUploadQuery.read(request)
        upload = SoundUpload(data=request.data)
        upload.is_valid(raise_exception=True)
        try:
            with take_photo_turn():
                answer = search_sound(
                    prepare_sound(upload.validated_data["audio"]),
                    text=upload.validated_data.get("q", ""),
                    limit=wanted["limit"],
                    filters=Filters.from_query(wanted, sent=request.query_params),
                    options=build_options(wanted, page=Page()),
                )
        except WorkerUnavailable as error:
            said = gettext("Sounds cannot be searched for right now. %s") % error
            raise Unavailable(said, wait=RETRY_AFTER_S) from error
        response = Response(render_search(answer, request, wanted, None))
        response["Cache-Control"] = "no-store"
        return response
