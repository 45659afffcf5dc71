"""A shop in miniature for the tests of embeddings: products with texts, and pictures that are one colour each."""

from __future__ import annotations

import io
from collections.abc import Iterable

from django.core.files.base import ContentFile
from PIL import Image

from catalog.models import Category, Product, ProductImage
from embeddings.models import PendingEmbedding, ProductEmbedding


def make_product(
    sku: str, *, title: str | None = None, colours: Iterable[str] = (), category: str = "", **fields: object
) -> Product:
    """Save a product and then its pictures, as a form would."""
    product = Product.objects.create(
        sku=sku,
        title=f"Product {sku}" if title is None else title,
        category=Category.objects.get_or_create(name=category, path=category)[0] if category else None,
        **fields,
    )
    for position, colour in enumerate(colours):
        add_picture(product, colour, position=position)
    return product


def rename(product: Product, title: str = "another title") -> None:
    """Save a product so that what is encoded of it changes."""
    product.title = title
    product.save()


def add_picture(product: Product, colour: str, *, position: int = 0) -> ProductImage:
    picture = ProductImage(product=product, position=position, file=ContentFile(paint(colour), name=f"{colour}.png"))
    picture.save()
    return picture


def paint(colour: str) -> bytes:
    """Return a PNG of 64 x 64 pixels, the lower half black so that no two colours are multiples of each other."""
    picture = Image.new("RGB", (64, 64), colour)
    picture.paste("black", (0, 48, 64, 64))
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def embedded_modalities(product: Product, space=None) -> list[str]:
    rows = ProductEmbedding.objects.filter(product=product)
    return sorted((rows.filter(space=space) if space else rows).values_list("modality", flat=True))


def pending_skus() -> list[str]:
    return list(PendingEmbedding.objects.order_by("product__sku").values_list("product__sku", flat=True))


def reason_of(product: Product) -> str:
    return PendingEmbedding.objects.get(product=product).reason
