"""Products in the words of the REST API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from catalog.attributes import read_object, read_wordings
from catalog.models import Product, ProductImage
from catalog.pictures.sizes import WIDTHS
from catalog.prices import KEPT_DECIMALS, trim_price


def absolute_url(path: str, *, context: Mapping[str, Any]) -> str:
    """Return `path` with scheme and host, so that apps on other origins can use it as it is."""
    request = context.get("request")
    if request is None or "://" in path:  # a bucket's URLs are absolute already
        return path
    root = getattr(request, "site_root", None)
    if root is None:  # worked out once: a page of products has hundreds of URLs
        root = request.site_root = request.build_absolute_uri("/").rstrip("/")
    return f"{root}{path}"


def own_page(sku: str, *, context: Mapping[str, Any]) -> str:
    """Return the address of the page that we have of a product, whether or not the shop has one of its own."""
    return absolute_url(Product(sku=sku).get_absolute_url(), context=context)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(serializers.JSONField):
    """A JSON object. A row that holds something else is answered as the declaration says, and heals when written."""

    def __init__(self, *, reader: Callable[[Any], dict[str, Any]] = read_object, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reader = reader

    def get_attribute(self, instance: Any) -> dict[str, Any]:
        return self.reader(super().get_attribute(instance))


@extend_schema_serializer(component_name="ProductImage")
class ImageSerializer(serializers.ModelSerializer[ProductImage]):
    """A picture of a product."""

    url = serializers.SerializerMethodField(help_text="The picture as it was handed in, without its metadata")
    sizes = serializers.SerializerMethodField(
        help_text=f"WebP, by greatest width in pixels: {', '.join(map(str, WIDTHS))}"
    )

    class Meta:
        model = ProductImage
        fields = ("id", "url", "sizes", "width", "height", "position", "sha256", "source_url")
        read_only_fields = fields

    @extend_schema_field(serializers.URLField())
    def get_url(self, image: ProductImage) -> str:
        return absolute_url(image.file.url, context=self.context)

    @extend_schema_field(serializers.DictField(child=serializers.URLField()))
    def get_sizes(self, image: ProductImage) -> dict[str, str]:
        return {str(width): absolute_url(image.sized_url(width), context=self.context) for width in WIDTHS}


class PriceField(serializers.DecimalField):
    """A price: 24.00, with a third decimal only where it says something."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=13, decimal_places=KEPT_DECIMALS, **kwargs)

    def quantize(self, value: Decimal) -> Decimal:
        return trim_price(value)


class ProductSerializer(serializers.ModelSerializer[Product]):
    """A product as it is read. With `fields=` it has its sku and what was named."""

    always = ("sku",)

    category = serializers.CharField(
        source="category.path", default=None, read_only=True, allow_null=True, help_text="Path, `A/B/C`"
    )
    price = PriceField(allow_null=True, read_only=True)
    list_price = PriceField(allow_null=True, read_only=True)
    on_sale = serializers.BooleanField(read_only=True, help_text="The list price is above the price: show both")
    in_stock = serializers.BooleanField()
    attributes = ObjectField()
    translations = ObjectField(reader=read_wordings, help_text='By language: {"zh": {"title": "花瓶"}}')
    url = serializers.SerializerMethodField(help_text="The shop's own page of the product, else its page here")
    image_url = serializers.SerializerMethodField(help_text="The first picture, at most 640 pixels wide; null: none")
    images = ImageSerializer(many=True)

    class Meta:
        model = Product
        fields = (
            "sku", "title", "description", "translations", "brand", "category", "price", "list_price", "on_sale",
            "currency", "stock", "in_stock", "attributes", "variant_group", "collection", "is_active", "url",
            "image_url", "images", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.URLField())
    def get_url(self, product: Product) -> str:
        return product.url or own_page(product.sku, context=self.context)

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_image_url(self, product: Product) -> str | None:
        image = product.main_image
        return absolute_url(image.sized_url(WIDTHS[-1]), context=self.context) if image else None


class ProductPageSerializer(serializers.Serializer[Any]):
    """A page of products."""

    results = ProductSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Give it as `cursor` for the next page; null: the end")
    count = serializers.IntegerField(required=False, help_text="All that match; only with `count=true`")
