"""A shelf of products with vectors that a reader can check in the head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from catalog.models import Category, Product
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding


def make_space(*, name: str = "test", dim: int = 3, live: bool = True) -> EmbeddingSpace:
    status = EmbeddingSpace.Status.LIVE if live else EmbeddingSpace.Status.READY
    return EmbeddingSpace.objects.create(name=name, status=status, dim=dim, text_dim=dim, image_dim=dim)


def put(
    space: EmbeddingSpace,
    sku: str,
    vector: Sequence[float] | None,
    *,
    modalities: Sequence[str] = (FUSED,),
    **fields: Any,
) -> Product:
    """Add a product, and its vector unless it is None. The vector is stored as it is, of whatever length."""
    category = fields.pop("category", None)
    if isinstance(category, str):
        category = Category.objects.get_or_create_path(category)
    (product,) = Product.objects.bulk_create([Product(sku=sku, title=sku, category=category, **fields)])
    if vector is not None:
        for modality in modalities:
            embed(space, product, vector, modality=modality)
    return product


def embed(space: EmbeddingSpace, product: Product, vector: Sequence[float], *, modality: str = FUSED) -> None:
    ProductEmbedding.objects.bulk_create(
        [ProductEmbedding(space=space, product=product, modality=modality, fingerprint="f", vector=list(vector))]
    )


def at_angle(degrees: float) -> list[float]:
    """A unit vector in the plane, so that the cosine of two is the cosine of the angle between them."""
    radians = np.radians(degrees)
    return [float(np.cos(radians)), float(np.sin(radians)), 0.0]


def skus(shown: Any) -> list[str]:
    return [item.candidate.sku for item in shown]
