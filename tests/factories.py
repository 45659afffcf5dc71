"""Products, categories and pictures for tests. Nothing is random: the n-th of each is always the same."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import factory
from django.core.files.uploadedfile import SimpleUploadedFile
from factory.django import DjangoModelFactory
from PIL import Image

from catalog.models import Category, Product, ProductImage


def picture_bytes(colour: str = "teal", *, size: tuple[int, int] = (40, 30), format: str = "PNG", **options) -> bytes:
    """A plain picture of one colour: another colour or size, another content."""
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, format, **options)
    return buffer.getvalue()


def picture_file(colour: str = "teal", *, name: str = "picture.png", **options) -> SimpleUploadedFile:
    """The same, as an upload."""
    return SimpleUploadedFile(name, picture_bytes(colour, **options))


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category

    name = factory.Sequence(lambda number: f"Category {number}")


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    sku = factory.Sequence(lambda number: f"SKU-{number:05}")
    title = factory.Sequence(lambda number: f"Product {number}")
    description = "Made for tests."
    brand = "Nordlyn"
    price = Decimal("15.90")
    currency = "EUR"


class ProductImageFactory(DjangoModelFactory):
    """`colour="red"` decides the picture's content; `position` its place."""

    class Meta:
        model = ProductImage

    class Params:
        colour = factory.Sequence(lambda number: f"#{number % 0xFFFFFF:06x}")

    product = factory.SubFactory(ProductFactory)
    file = factory.LazyAttribute(lambda image: picture_file(image.colour))
    position = 0
