"""Products in the words of the REST API. Answers are built by hand, for the framework takes five times as long; a test
holds them to the declarations here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from catalog.addresses import find_page, product_page_address
from catalog.attributes import read_object, read_wordings
from catalog.models import Product, ProductAudio, ProductImage
from catalog.pictures.sizes import WIDTHS
from catalog.prices import KEPT_DECIMALS, trim_price


def complete_address(path: str, *, origin: str) -> str:
    """Return `path` with scheme and host, so that apps on other origins can use it; a bucket's has them already."""
    return origin + path if path.startswith("/") else path


def own_page(sku: str, *, origin: str) -> str:
    """Return the address of the page that we have of a product, whether or not the shop has one of its own."""
    return complete_address(product_page_address(sku), origin=origin)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(serializers.JSONField):
    """A JSON object."""


@extend_schema_serializer(component_name="ProductImage")
class ImageSerializer(serializers.ModelSerializer[ProductImage]):
    """A picture of a product."""

    url = serializers.URLField(read_only=True, help_text="The picture as it was handed in, without its metadata")
    sizes = serializers.DictField(
        child=serializers.URLField(),
        read_only=True,
        help_text=f"WebP, by greatest width in pixels: {', '.join(map(str, WIDTHS))}; or all where the shop has it",
    )

    class Meta:
        model = ProductImage
        fields = ("id", "url", "sizes", "width", "height", "position", "sha256", "source_url")
        read_only_fields = fields


@extend_schema_serializer(component_name="ProductAudio")
class AudioSerializer(serializers.ModelSerializer[ProductAudio]):
    """A sound of a product."""

    url = serializers.URLField(read_only=True, help_text="The sound as it was handed in; parts of it by `Range`")

    class Meta:
        model = ProductAudio
        fields = ("id", "url", "seconds", "position", "sha256", "source_url")
        read_only_fields = fields


class PriceField(serializers.DecimalField):
    """A price: 24.00, with a third decimal only where it says something."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=13, decimal_places=KEPT_DECIMALS, **kwargs)

    def quantize(self, value: Decimal) -> Decimal:
        return trim_price(value)


class ProductSerializer(serializers.ModelSerializer[Product]):
    """A product as it is read. With `fields=` it has its sku and what was named."""

    category = serializers.CharField(
        source="category.path", default=None, read_only=True, allow_null=True, help_text="Path, `A/B/C`"
    )
    price = PriceField(allow_null=True, read_only=True)
    list_price = PriceField(allow_null=True, read_only=True)
    on_sale = serializers.BooleanField(read_only=True, help_text="The list price is above the price: show both")
    in_stock = serializers.BooleanField()
    attributes = ObjectField()
    translations = ObjectField(help_text='By language: {"zh": {"title": "花瓶"}}')
    url = serializers.URLField(read_only=True, help_text="The shop's own page of the product, else its page here")
    image_url = serializers.URLField(
        read_only=True, allow_null=True, help_text="The first picture, at most 640 pixels wide; null: none"
    )
    images = ImageSerializer(many=True)
    audio = AudioSerializer(many=True, help_text="All sounds")
    colours = serializers.ListField(
        child=serializers.CharField(),
        help_text="Basic colours, by which `colour` filters: as the shop says, or pictures",
    )
    picture_colours = serializers.DictField(
        child=serializers.FloatField(), help_text='Shares of the basic colours in its pictures: {"blue": 0.62}'
    )

    class Meta:
        model = Product
        fields = (
            "sku", "title", "description", "translations", "brand", "category", "price", "list_price", "on_sale",
            "currency", "stock", "in_stock", "attributes", "variant_group", "collection", "is_active", "url",
            "image_url", "images", "audio", "colours", "picture_colours", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


def render_price(price: Decimal | None) -> str | None:
    return None if price is None else f"{trim_price(price):f}"


def render_moment(moment: datetime) -> str:
    """Return it as ISO 8601 in UTC: 2026-01-31T12:00:00Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def render_image(image: ProductImage, *, origin: str) -> dict[str, Any]:
    return {
        "id": image.pk,
        "url": complete_address(image.file.url, origin=origin),
        "sizes": {str(width): complete_address(image.shown_url(width), origin=origin) for width in WIDTHS},
        "width": image.width,
        "height": image.height,
        "position": image.position,
        "sha256": image.sha256,
        "source_url": image.source_url,
    }


def render_audio(sound: ProductAudio, *, origin: str) -> dict[str, Any]:
    return {
        "id": sound.pk,
        "url": complete_address(sound.file.url, origin=origin),
        "seconds": sound.seconds,
        "position": sound.position,
        "sha256": sound.sha256,
        "source_url": sound.source_url,
    }


def render_main_image(product: Product, origin: str) -> str | None:
    image = product.main_image
    return complete_address(image.shown_url(WIDTHS[-1]), origin=origin) if image else None


# Each field of ProductSerializer, given the product and scheme and host of this server.
FIELDS: dict[str, Callable[[Product, str], Any]] = {
    "sku": lambda product, _: product.sku,
    "title": lambda product, _: product.title,
    "description": lambda product, _: product.description,
    "translations": lambda product, _: read_wordings(product.translations),
    "brand": lambda product, _: product.brand,
    "category": lambda product, _: product.category.path if product.category else None,
    "price": lambda product, _: render_price(product.price),
    "list_price": lambda product, _: render_price(product.list_price),
    "on_sale": lambda product, _: product.on_sale,
    "currency": lambda product, _: product.currency,
    "stock": lambda product, _: product.stock,
    "in_stock": lambda product, _: product.in_stock,
    "attributes": lambda product, _: read_object(product.attributes),
    "variant_group": lambda product, _: product.variant_group,
    "collection": lambda product, _: product.collection,
    "is_active": lambda product, _: product.is_active,
    "url": lambda product, origin: complete_address(find_page(product.sku, url=product.url), origin=origin),
    "image_url": render_main_image,
    "images": lambda product, origin: [render_image(image, origin=origin) for image in product.images.all()],
    "audio": lambda product, origin: [render_audio(sound, origin=origin) for sound in product.sounds.all()],
    "colours": lambda product, _: product.colours,
    "picture_colours": lambda product, _: product.picture_colours,
    "created_at": lambda product, _: render_moment(product.created_at),
    "updated_at": lambda product, _: render_moment(product.updated_at),
}


def render_product(product: Product, *, origin: str, fields: Collection[str] | None = None) -> dict[str, Any]:
    """Return the answer; `fields` leaves out all others, which then cost nothing, but for the sku."""
    return {
        name: read(product, origin) for name, read in FIELDS.items() if not fields or name in fields or name == "sku"
    }
