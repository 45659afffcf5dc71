"""From what the encoders said about products to the vectors of a space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from embeddings.encoding import Encodings
from embeddings.fusion.pipeline import FusedVectors, RawVectors, VectorPipeline
from embeddings.inputs import ProductInputs, hash_text
from embeddings.models import EmbeddingSpace, Modality
from embeddings.querysets import ProductVectors
from embeddings.unit_rows import unit_rows

Array = npt.NDArray[np.float32]


def load_pipeline(space: EmbeddingSpace) -> VectorPipeline:
    """Return the fitted recipe of a space, kept in memory: a space once fitted never changes."""
    return _load_pipeline(space.pk, space.created_at.timestamp())


@lru_cache(maxsize=8)
def _load_pipeline(space_id: int, created_at: float) -> VectorPipeline:
    space = EmbeddingSpace.objects.get(pk=space_id)
    return VectorPipeline.from_bytes(bytes(space.parameters))


def gather_raw(products: Sequence[ProductInputs], encodings: Encodings, *, dims: Mapping[str, int]) -> RawVectors:
    """Return what the encoders said about n products; `dims`: of the encoder of each modality."""
    part_count = len(products[0].texts) if products else 0
    parts = [
        np.stack([_find(encodings.texts, product.texts[part], dims["text"]) for product in products])
        for part in range(part_count)
    ]
    image = np.stack([_average_pictures(product, encodings.pictures, dims["image"]) for product in products])
    return {"text": tuple(parts), "image": (image,)}


def fuse_products(
    products: Sequence[ProductInputs], encodings: Encodings, *, space: EmbeddingSpace
) -> list[ProductVectors]:
    """Return the vectors of products in a fitted space, each with the modalities it has, under the fusion dial."""
    pipeline = load_pipeline(space)
    dims = {name: modality.input_dim for name, modality in pipeline.modalities.items()}
    weights = [space.text_weight_of(product.category_path) for product in products]
    dial = np.array([np.nan if weight is None else weight for weight in weights], dtype=np.float32)
    fused = pipeline.transform(gather_raw(products, encodings, dims=dims), dial={"text": dial})
    return [
        ProductVectors(
            product_id=product.product_id,
            fingerprint=product.fingerprint,
            vectors=select_present(fused, position),
            text_weight=weights[position],
            is_complete=not find_problems(product, encodings),
        )
        for position, product in enumerate(products)
    ]


def select_present(fused: FusedVectors, position: int) -> dict[str, Array]:
    """Return the vectors of the product at `position` by modality, those that it has: each float32 (dim,)."""
    rows = {Modality.FUSED.value: fused.fused, **fused.modalities}
    return {
        modality: vectors[position].astype(np.float32)
        for modality, vectors in rows.items()
        if np.any(vectors[position])
    }


def find_problems(product: ProductInputs, encodings: Encodings) -> list[str]:
    """Return the sha256 of those inputs of a product that could not be encoded."""
    hashes = [hash_text(text) for text in product.texts if text] + [picture.sha256 for picture in product.pictures]
    return [sha256 for sha256 in hashes if sha256 in encodings.problems]


def _find(vectors: Mapping[str, Array], text: str | None, dim: int) -> Array:
    found = vectors.get(hash_text(text)) if text else None
    return np.zeros(dim, dtype=np.float32) if found is None else found


def _average_pictures(product: ProductInputs, vectors: Mapping[str, Array], dim: int) -> Array:
    """Return the normalised mean of a product's picture vectors, zeros where it has none."""
    found = [vectors[picture.sha256] for picture in product.pictures if picture.sha256 in vectors]
    if not found:
        return np.zeros(dim, dtype=np.float32)
    average = unit_rows([np.mean(found, axis=0)])[0]
    # Pictures that cancel each other out do not happen; were they to, the first speaks for the product.
    return average if average.any() else found[0]
