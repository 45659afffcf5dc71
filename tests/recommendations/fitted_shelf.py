"""A shop whose live space is fitted, so that it can be fused anew and explained."""

from __future__ import annotations

import numpy as np

from catalog.models import Category, Product
from embeddings.fusion.pipeline import VectorPipeline
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.lifecycle import set_pipeline
from embeddings.unit_rows import unit_rows

COUNT = 24


def make_fitted_shelf() -> EmbeddingSpace:
    """Make a live space of products whose texts and pictures disagree: texts come in threes, pictures in fours."""
    random = np.random.default_rng(7)
    texts = unit_rows(np.repeat(random.normal(size=(COUNT // 3, 32)), 3, axis=0) + random.normal(size=(COUNT, 32)) / 9)
    images = unit_rows(np.tile(random.normal(size=(COUNT // 4, 32)), (4, 1)) + random.normal(size=(COUNT, 32)) / 9)
    raw = {"text": (texts, texts), "image": (images,)}
    pipeline = VectorPipeline.fit(raw, fusion="concat", dim=48)
    space = EmbeddingSpace(name="test", status="live", fitted_on=COUNT)
    set_pipeline(space, pipeline)
    space.save()
    lamps, mugs = (Category.objects.get_or_create_path(path) for path in ("Lamps", "Mugs"))
    products = Product.objects.bulk_create(
        [Product(sku=f"P{i:02}", title=f"P{i:02}", category=lamps if i % 2 else mugs) for i in range(COUNT)]
    )
    made = pipeline.transform(raw)
    rows = {"fused": made.fused, **made.modalities}
    ProductEmbedding.objects.bulk_create(
        ProductEmbedding(
            space=space, product=product, modality=modality, fingerprint="f", vector=vectors[place].tolist()
        )
        for modality, vectors in rows.items()
        for place, product in enumerate(products)
    )
    return space
