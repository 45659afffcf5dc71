"""REST: a product's pictures, uploaded or fetched from a URL."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.parameters import QueryParameters, StrictSerializer
from api.parsers import BoundedJSONParser
from api.requests import find_origin
from catalog.fields import MAX_INTEGER
from catalog.models import Product, ProductImage
from catalog.pictures.checks import PictureError
from catalog.pictures.downloads import PictureDownload
from catalog.pictures.writes import add_picture, request_download
from catalog.refusals import say_fault
from catalog.rest import examples
from catalog.rest.answers import ImageSerializer, render_image
from catalog.rest.bodies import TextField
from catalog.rest.products import get_product, visible_products
from catalog.web_addresses import clean_url

MAX_ADDRESS = ProductImage._meta.get_field("source_url").max_length


class UploadSerializer(serializers.Serializer[Any]):
    """A picture as a file: JPEG, PNG, WebP or GIF, judged by its content."""

    image = serializers.FileField()
    position = serializers.IntegerField(
        min_value=0, max_value=MAX_INTEGER, required=False, help_text="The lowest is shown first; without it: last"
    )

    source_url = TextField(
        rule=clean_url, max_length=MAX_ADDRESS, allow_blank=True, required=False,
        help_text="Where the shop has it; KINDRED_PICTURES_FROM=shop shows it from there",
    )  # fmt: skip


class FetchSerializer(StrictSerializer):
    """A picture by its address."""

    url = TextField(rule=clean_url, max_length=MAX_ADDRESS, help_text="http or https, on a public address")
    position = serializers.IntegerField(min_value=0, max_value=MAX_INTEGER, required=False)


@extend_schema_serializer(component_name="PictureDownload")
class DownloadSerializer(serializers.ModelSerializer[PictureDownload]):
    """A picture or sound that a worker fetches."""

    image_id = serializers.IntegerField(allow_null=True, help_text="The picture, once it is there")
    audio_id = serializers.IntegerField(source="sound_id", allow_null=True, help_text="The sound, once it is there")

    class Meta:
        model = PictureDownload
        fields = ("id", "url", "position", "state", "reason", "image_id", "audio_id", "created_at")
        read_only_fields = fields


@extend_schema_serializer(component_name="ProductImageList")
class ImageListSerializer(serializers.Serializer[Any]):
    """The pictures of a product."""

    results = ImageSerializer(many=True)
    downloads = DownloadSerializer(many=True, help_text="Waiting, being fetched, or failed")


def find_product(request: Request, sku: str) -> Product:
    return get_product(visible_products(request), sku=sku)


def get_image(request: Request, *, sku: str, image_id: int) -> ProductImage:
    image = find_product(request, sku).images.filter(pk=image_id).first()
    if image is None:
        raise NotFound(gettext("The product %(sku)r has no picture %(id)d.") % {"sku": sku, "id": image_id})
    return image


def accept_download(request: Request, *, product: Product, kind: str) -> Response:
    """Ask for the picture or sound that the body names by its URL, and answer where to see how far it is."""
    serializer = FetchSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    download = request_download(product, **serializer.validated_data, kind=kind)
    location = reverse("api-product-download", args=[product.sku, download.pk])
    headers = {"Location": request.build_absolute_uri(location)}
    return Response(DownloadSerializer(download).data, status=202, headers=headers)


class ProductImageListView(APIView):
    """The pictures of a product."""

    parser_classes = [BoundedJSONParser, MultiPartParser]
    staff_permissions = {"POST": ["catalog.add_productimage"]}

    @extend_schema(operation_id="listProductImages", tags=["images"], responses=ImageListSerializer)
    def get(self, request: Request, sku: str) -> Response:
        """List the pictures in order, and the downloads that are not done."""
        QueryParameters.read(request)
        product = find_product(request, sku)
        origin = find_origin(request)
        images = [render_image(image, origin=origin) for image in product.images.all()]
        waiting = product.downloads.filter(kind="image").exclude(state="done")[:100]
        return Response({"results": images, "downloads": DownloadSerializer(waiting, many=True).data})

    @extend_schema(
        operation_id="addProductImage",
        tags=["images"],
        request={"multipart/form-data": UploadSerializer, "application/json": FetchSerializer},
        responses={200: ImageSerializer, 201: ImageSerializer, 202: DownloadSerializer},
        examples=[examples.FETCH, examples.IMAGE_ANSWER, examples.DOWNLOAD_ANSWER],
    )
    def post(self, request: Request, sku: str) -> Response:
        """Add a picture: a file as `multipart/form-data` (201; 200 when the product has it), or a `url` as JSON (202).

        A picture by URL is fetched by the worker, from public addresses only; `Location` says where to see how far.
        """
        product = find_product(request, sku)
        if request.content_type and request.content_type.startswith("multipart/form-data"):
            return self.upload(request, product=product)
        return accept_download(request, product=product, kind=PictureDownload.Kind.IMAGE)

    def upload(self, request: Request, *, product: Product) -> Response:
        serializer = UploadSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        try:
            image, is_new = add_picture(product, source=values.pop("image"), **values)
        except PictureError as error:
            raise ValidationError({"image": [ErrorDetail(say_fault(error), code="bad_picture")]}) from error
        data = render_image(image, origin=find_origin(request))
        return Response(data, status=201 if is_new else 200)


class ProductImageView(APIView):
    """One picture."""

    staff_permissions = {"DELETE": ["catalog.delete_productimage"]}

    @extend_schema(operation_id="getProductImage", tags=["images"], responses=ImageSerializer)
    def get(self, request: Request, sku: str, image_id: int) -> Response:
        """Read one picture."""
        QueryParameters.read(request)
        image = get_image(request, sku=sku, image_id=image_id)
        return Response(render_image(image, origin=find_origin(request)))

    @extend_schema(operation_id="deleteProductImage", tags=["images"], request=None, responses={204: None})
    def delete(self, request: Request, sku: str, image_id: int) -> Response:
        """Take one picture away."""
        get_image(request, sku=sku, image_id=image_id).delete()
        return Response(status=204)


class ProductDownloadView(APIView):
    """A picture or sound that is fetched from a URL."""

    @extend_schema(operation_id="getProductDownload", tags=["images"], responses=DownloadSerializer)
    def get(self, request: Request, sku: str, download_id: int) -> Response:
        """See how far a download is: waiting, fetching, done (`image_id` or `audio_id`) or failed (`reason`)."""
        QueryParameters.read(request)
        download = find_product(request, sku).downloads.filter(pk=download_id).first()
        if download is None:
            raise NotFound(gettext("The product %(sku)r has no download %(id)d.") % {"sku": sku, "id": download_id})
        return Response(DownloadSerializer(download).data)
