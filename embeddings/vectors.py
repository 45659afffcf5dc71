"""From what the encoders said about products to the vectors of a space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from embeddings.encoding import Encodings
from embeddings.fusion.pipeline import Dial, FusedVectors, RawVectors, VectorPipeline
from embeddings.inputs import ProductInputs
from embeddings.modalities.declaration import Modality, Parts
from embeddings.modalities.registry import FUSED, IMAGE, TEXT, find_modality
from embeddings.models import EmbeddingSpace
from embeddings.querysets import ProductVectors

Array = npt.NDArray[np.float32]


def load_pipeline(space: EmbeddingSpace) -> VectorPipeline:
    """Return the fitted recipe of a space, kept in memory: a space once fitted never changes."""
    return _load_pipeline(space.pk, space.created_at.timestamp())


@lru_cache(maxsize=8)
def _load_pipeline(space_id: int, created_at: float) -> VectorPipeline:
    space = EmbeddingSpace.objects.get(pk=space_id)
    return VectorPipeline.from_bytes(bytes(space.parameters))


def gather_raw(products: Sequence[ProductInputs], encodings: Encodings, *, dims: Mapping[str, int]) -> RawVectors:
    """Return what the encoders said about n products, one or more; `dims`: of the encoder of each modality."""
    return {
        name: tuple(
            np.stack(
                [
                    _find_vector(find_modality(name), product.inputs[name], part, encodings.vectors.get(name, {}), dim)
                    for product in products
                ]
            )
            for part in range(len(products[0].inputs[name]))
        )
        for name, dim in dims.items()
    }


def fuse_products(
    products: Sequence[ProductInputs], encodings: Encodings, *, space: EmbeddingSpace
) -> list[ProductVectors]:
    """Return the vectors of products in a fitted space, each with the modalities it has, under the fusion dial."""
    pipeline = load_pipeline(space)
    dims = {name: modality.input_dim for name, modality in pipeline.modalities.items()}
    weights = [space.text_weight_of(product.category_path) for product in products]
    fused = pipeline.transform(gather_raw(products, encodings, dims=dims), dial=dial_text(pipeline, weights))
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


def dial_text(pipeline: VectorPipeline, weights: Sequence[float | None]) -> Dial:
    """Return the dial of n products whose text counts so much against their picture; None: as it was fitted.

    Text and picture share what they have together, so further modalities count as before, wherever the dial stands.
    """
    text = np.array([np.nan if weight is None else weight for weight in weights], dtype=np.float32)
    both = sum(pipeline.weights.get(name, 0.0) for name in (TEXT, IMAGE)) / (sum(pipeline.weights.values()) or 1.0)
    return {name: weight * both for name, weight in ((TEXT, text), (IMAGE, 1 - text)) if name in pipeline.weights}


def select_present(fused: FusedVectors, position: int) -> dict[str, Array]:
    """Return the vectors of the product at `position` by modality, those that it has: each float32 (dim,)."""
    rows = {FUSED: fused.fused, **fused.modalities}
    return {
        modality: vectors[position].astype(np.float32)
        for modality, vectors in rows.items()
        if np.any(vectors[position])
    }


def find_problems(product: ProductInputs, encodings: Encodings) -> list[str]:
    """Return the sha256 of those inputs of a product that could not be encoded."""
    return [one.sha256 for one in product.list_inputs() if one.sha256 in encodings.problems]


def _find_vector(modality: Modality, parts: Parts, part: int, vectors: Mapping[str, Array], dim: int) -> Array:
    """Return the vector of one part of a product, zeros where it has none."""
    found = [vectors[one.sha256] for one in parts[part] if one.sha256 in vectors]
    return modality.combine(found) if found else np.zeros(dim, dtype=np.float32)
