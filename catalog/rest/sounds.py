"""REST: a product's sounds, uploaded or fetched from a URL."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.parameters import QueryParameters
from api.parsers import BoundedJSONParser
from api.requests import find_origin
from catalog.fields import MAX_INTEGER
from catalog.models import PictureDownload, Product, ProductAudio
from catalog.refusals import say_fault
from catalog.rest import examples
from catalog.rest.answers import AudioSerializer, render_audio
from catalog.rest.bodies import TextField
from catalog.rest.pictures import MAX_ADDRESS, DownloadSerializer, FetchSerializer, accept_download, find_product
from catalog.sounds.decoding import SoundError
from catalog.sounds.writes import add_sound
from catalog.web_addresses import clean_url


class AudioUploadSerializer(serializers.Serializer[Any]):
    """A sound as a file: WAV, FLAC, Ogg or MP3, judged by its content."""

    audio = serializers.FileField()
    position = serializers.IntegerField(
        min_value=0, max_value=MAX_INTEGER, required=False, help_text="The lowest comes first; without it: last"
    )
    source_url = TextField(
        rule=clean_url, max_length=MAX_ADDRESS, allow_blank=True, required=False, help_text="Where the shop has it"
    )


@extend_schema_serializer(component_name="ProductAudioList")
class AudioListSerializer(serializers.Serializer[Any]):
    """The sounds of a product."""

    results = AudioSerializer(many=True)
    downloads = DownloadSerializer(many=True, help_text="Waiting, being fetched, or failed")


def get_audio(request: Request, *, sku: str, audio_id: int) -> ProductAudio:
    audio = find_product(request, sku).sounds.filter(pk=audio_id).first()
    if audio is None:
        raise NotFound(gettext("The product %(sku)r has no sound %(id)d.") % {"sku": sku, "id": audio_id})
    return audio


class ProductAudioListView(APIView):
    """The sounds of a product."""

    parser_classes = [BoundedJSONParser, MultiPartParser]
    staff_permissions = {"POST": ["catalog.add_productaudio"]}

    @extend_schema(operation_id="listProductAudio", tags=["audio"], responses=AudioListSerializer)
    def get(self, request: Request, sku: str) -> Response:
        """List the sounds in order, and the downloads that are not done."""
        QueryParameters.read(request)
        product = find_product(request, sku)
        origin = find_origin(request)
        sounds = [render_audio(sound, origin=origin) for sound in product.sounds.all()]
        waiting = product.downloads.filter(kind="audio").exclude(state="done")[:100]
        return Response({"results": sounds, "downloads": DownloadSerializer(waiting, many=True).data})

    @extend_schema(
        operation_id="addProductAudio",
        tags=["audio"],
        request={"multipart/form-data": AudioUploadSerializer, "application/json": FetchSerializer},
        responses={200: AudioSerializer, 201: AudioSerializer, 202: DownloadSerializer},
        examples=[examples.AUDIO_ANSWER, examples.DOWNLOAD_ANSWER],
    )
    def post(self, request: Request, sku: str) -> Response:
        """Add a sound: a file as `multipart/form-data` (201; 200 when the product has it), or a `url` as JSON (202).

        A sound by URL is fetched by the worker, from public addresses only; `Location` says where to see how far.
        """
        product = find_product(request, sku)
        if request.content_type and request.content_type.startswith("multipart/form-data"):
            return self.upload(request, product=product)
        return accept_download(request, product=product, kind=PictureDownload.Kind.AUDIO)

    def upload(self, request: Request, *, product: Product) -> Response:
        serializer = AudioUploadSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        try:
            sound, is_new = add_sound(product, source=values.pop("audio"), **values)
        except SoundError as error:
            raise ValidationError({"audio": [ErrorDetail(say_fault(error), code="bad_audio")]}) from error
        return Response(render_audio(sound, origin=find_origin(request)), status=201 if is_new else 200)


class ProductAudioView(APIView):
    """One sound."""

    staff_permissions = {"DELETE": ["catalog.delete_productaudio"]}

    @extend_schema(operation_id="getProductAudio", tags=["audio"], responses=AudioSerializer)
    def get(self, request: Request, sku: str, audio_id: int) -> Response:
        """Read one sound."""
        QueryParameters.read(request)
        sound = get_audio(request, sku=sku, audio_id=audio_id)
        return Response(render_audio(sound, origin=find_origin(request)))

    @extend_schema(operation_id="deleteProductAudio", tags=["audio"], request=None, responses={204: None})
    def delete(self, request: Request, sku: str, audio_id: int) -> Response:
        """Take one sound away."""
        get_audio(request, sku=sku, audio_id=audio_id).delete()
        return Response(status=204)
