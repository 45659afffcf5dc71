"""What the encoders said about the catalogue, or a sample of it: what recipes are fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db.models import TextField
from django.db.models.functions import MD5, Cast

from catalog.models import Product
from embeddings.composition import parse_composition
from embeddings.encoding import SpaceEncoders, encode_inputs
from embeddings.freshness.placeholders import settle_all_placeholders
from embeddings.fusion.pipeline import RawVectors, VectorPipeline
from embeddings.inputs import ProductInputs, load_inputs
from embeddings.modalities.declaration import TextInput
from embeddings.modalities.registry import find_modality
from embeddings.models import EmbeddingSpace
from embeddings.vectors import gather_raw

SAMPLE_SIZE = 20_000  # products; means and bases do not move any more beyond it
CHUNK = 256


@dataclass(frozen=True)
class Sample:
    """n products and what the encoders of a space said about each; products with nothing to encode are left out."""

    product_ids: tuple[int, ...]
    raw: RawVectors
    said: Mapping[str, Sequence[str]] = field(default_factory=dict)  # what the encoders in `fitted` are to be fitted on


def draw_product_ids(*, limit: int = SAMPLE_SIZE) -> list[int]:
    """Return the ids of up to `limit` products, always the same ones of a catalogue, in order of id."""
    shuffled = Product.objects.order_by(MD5(Cast("pk", TextField()))).values_list("pk", flat=True)
    return sorted(shuffled[:limit])


def read_sample(
    space: EmbeddingSpace,
    product_ids: Sequence[int],
    *,
    encoders: SpaceEncoders,
    progress: Callable[[int], None] | None = None,
    fitted: Sequence[str] = (),
) -> Sample:
    """Return the sample of these products; what no encoder has seen yet is encoded, placeholders are left out.

    `fitted`: modalities that have no encoder yet; what products say of them is read, an empty text where nothing.
    """
    settle_all_placeholders()
    dims = {name: encoder.info.dim for name, encoder in encoders.items()}
    parts = parse_composition(space.text_composition)
    kept: list[int] = []
    said: dict[str, list[str]] = {name: [] for name in fitted}
    chunks: list[RawVectors] = []
    for start in range(0, len(product_ids), CHUNK):
        chunk = product_ids[start : start + CHUNK]
        products = [
            product
            for product in load_inputs(chunk, parts=parts, modalities=[*dims, *fitted])
            if product.list_inputs(*dims)
        ]
        if products:
            encodings = encode_inputs(products, encoders=encoders)
            chunks.append(gather_raw(products, encodings, dims=dims))
            kept += [product.product_id for product in products]
            for name, texts in said.items():
                texts += [read_text(product, name) for product in products]
        if progress:
            progress(len(chunk))
    counts = {name: len(find_modality(name).weigh_parts(parts)) for name in dims}
    return Sample(product_ids=tuple(kept), raw=_concatenate(chunks, counts=counts, dims=dims), said=said)


def fit_plain(space: EmbeddingSpace, raw: RawVectors, *, fusion: str = "concat", seed: int = 0) -> VectorPipeline:
    """Return the recipe of a space fitted on `raw`, with a fusion that has nothing to learn."""
    return VectorPipeline.fit(
        raw,
        fusion=fusion,
        part_weights={name: parts for name, parts in weigh_parts(space).items() if name in raw},
        weights={name: chosen.weight for name, chosen in space.list_modalities().items() if name in raw},
        sources={name: find_modality(name).source for name in raw if find_modality(name).source},
        dim=space.dim,
        seed=seed,
    )


def read_text(product: ProductInputs, modality: str) -> str:
    """Return what a product says in a modality of texts, empty where it says nothing."""
    return next((one.text for one in product.list_inputs(modality) if isinstance(one, TextInput)), "")


def weigh_parts(space: EmbeddingSpace) -> dict[str, tuple[float, ...]]:
    """Return the weights of the parts of each modality of a space."""
    parts = parse_composition(space.text_composition)
    return {name: find_modality(name).weigh_parts(parts) for name in space.list_modalities()}


def _concatenate(chunks: Sequence[RawVectors], *, counts: Mapping[str, int], dims: Mapping[str, int]) -> RawVectors:
    """Return the chunks as one; by modality, `counts` of parts and `dims` of encoders."""
    return {
        name: tuple(
            np.concatenate([np.zeros((0, dims[name]), np.float32), *(chunk[name][part] for chunk in chunks)])
            for part in range(count)
        )
        for name, count in counts.items()
    }
