"""Products, categories, pictures and sounds for tests. Nothing is random: the n-th of each is always the same."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import factory
import numpy as np
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from factory.django import DjangoModelFactory
from PIL import Image

from catalog.models import Category, Product, ProductAudio, ProductImage


def picture_bytes(colour: str = "teal", *, size: tuple[int, int] = (40, 30), format: str = "PNG", **options) -> bytes:
    """A plain picture of one colour: another colour or size, another content."""
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, format, **options)
    return buffer.getvalue()


def picture_file(colour: str = "teal", *, name: str = "picture.png", **options) -> SimpleUploadedFile:
    """The same, as an upload."""
    return SimpleUploadedFile(name, picture_bytes(colour, **options))


def sound_bytes(
    hz: float = 440.0, *, seconds: float = 0.5, rate: int = 16_000, format: str = "FLAC", **options
) -> bytes:
    """A plain tone: another pitch or length, another content."""
    times = np.arange(int(seconds * rate)) / rate
    tone = 0.5 * np.sin(2 * np.pi * hz * times)
    buffer = BytesIO()
    soundfile.write(buffer, tone, rate, format=format, **options)
    return buffer.getvalue()


def sound_file(hz: float = 440.0, *, name: str = "sound.flac", **options) -> SimpleUploadedFile:
    """The same, as an upload."""
    return SimpleUploadedFile(name, sound_bytes(hz, **options))


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


class ProductAudioFactory(DjangoModelFactory):
    """`hz=440` decides the sound's content; `position` its place."""

    class Meta:
        model = ProductAudio

    class Params:
        hz = factory.Sequence(lambda number: 200.0 + number)

    product = factory.SubFactory(ProductFactory)
    file = factory.LazyAttribute(lambda sound: sound_file(sound.hz))
    position = 0
