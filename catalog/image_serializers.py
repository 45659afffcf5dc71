"""Pictures in the words of the REST API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.strict import StrictSerializer
from catalog.downloads import PictureDownload
from catalog.serializers import ImageSerializer

MAX_POSITION = 2_147_483_647


class UploadSerializer(serializers.Serializer[Any]):
    """A picture as a file: JPEG, PNG, WebP or GIF, judged by its content."""

    image = serializers.FileField()
    position = serializers.IntegerField(
        min_value=0, max_value=MAX_POSITION, required=False, help_text="The lowest is shown first; without it: last"
    )


class FetchSerializer(StrictSerializer):
    """A picture by its address."""

    url = serializers.URLField(max_length=2000, help_text="http or https, on a public address")
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION, required=False)

    def validate_url(self, url: str) -> str:
        if not url.lower().startswith(("http://", "https://")):
            raise serializers.ValidationError("Only http and https URLs are fetched.", code="bad_scheme")
        return url


class DownloadSerializer(serializers.ModelSerializer[PictureDownload]):
    """A picture that a worker fetches."""

    image_id = serializers.IntegerField(allow_null=True, help_text="The picture, once it is there")

    class Meta:
        model = PictureDownload
        fields = ("id", "url", "position", "state", "reason", "image_id", "created_at")
        read_only_fields = fields


class ImageListSerializer(serializers.Serializer[Any]):
    """The pictures of a product."""

    results = ImageSerializer(many=True)
    downloads = DownloadSerializer(many=True, help_text="Waiting, being fetched, or failed")
