"""Small shops with known vectors, for the tests of the evaluation."""

from collections.abc import Mapping, Sequence

import numpy as np
from pgvector import HalfVector

from catalog.models import Category, Product
from embeddings.models import EmbeddingSpace, ProductEmbedding


def make_space(name="s1", *, dim=4, status="ready", **fields) -> EmbeddingSpace:
    """A fitted space without parameters."""
    encoders = {"text_encoder": "packaged:e5-small", "image_encoder": "packaged:efficientnet-lite2"}
    return EmbeddingSpace.objects.create(
        name=name, dim=dim, text_dim=dim, image_dim=dim, status=status, **encoders, **fields
    )


def make_products(skus: Sequence[str], *, category="", **fields) -> dict[str, Product]:
    """Active products in `category` (a path), by sku; ids ascend in the order of `skus`."""
    parent = None
    for depth in range(1, category.count("/") + 2 if category else 0):
        names = category.split("/")[:depth]
        parent, _ = Category.objects.get_or_create(path="/".join(names), defaults={"name": names[-1], "parent": parent})
    return {sku: Product.objects.create(sku=sku, title=f"Product {sku}", category=parent, **fields) for sku in skus}


def store_vectors(space: EmbeddingSpace, vectors: Mapping[str, Sequence[float]], *, modality="fused") -> None:
    """Store one vector for each sku, as given."""
    ids = dict(Product.objects.values_list("sku", "id"))
    ProductEmbedding.objects.bulk_create(
        ProductEmbedding(
            product_id=ids[sku],
            space=space,
            modality=modality,
            fingerprint="0" * 32,
            vector=HalfVector(np.asarray(vector, dtype=np.float32)),
        )
        for sku, vector in vectors.items()
    )


def on_circle(degrees: float) -> list[float]:
    """A unit vector (4,) in a plane: the nearer the angles, the nearer the products."""
    return [float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees))), 0.0, 0.0]
