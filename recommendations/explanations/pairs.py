"""What is known of a pair without an encoder: the share of each modality, and the attributes in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from catalog.attributes import describe_value, read_object
from catalog.colours import BASIC_COLOURS, COLOUR_ATTRIBUTES
from catalog.models import Product
from catalog.wordings.lexicon import word_category_path
from embeddings.fusion.similarity_scale import SimilarityScale
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.vectors import load_pipeline

SHARED_FIELDS = ("brand", "category", "collection")
MAX_SHARED = 8


@dataclass(frozen=True, kw_only=True)
class PairExplanation:
    """Why `other` is similar to the anchor. The shares sum to 1; None where the two cannot be compared.

    The similarities are of the vectors of one modality, None where either product lacks it. Both by modality, of all
    that the space has. `similarity` is of all together, as lists show it: all are shown by the scales of the space.
    """

    product_id: int
    shares: Mapping[str, float | None]
    similarities: Mapping[str, float | None]
    shared: dict[str, str]
    similarity: float | None = None

    @property
    def contributions(self) -> dict[str, float | None]:
        """Return what each modality brings of the similarity: they sum to it."""
        whole = self.similarity
        return {name: None if share is None or whole is None else share * whole for name, share in self.shares.items()}

    @property
    def is_compared(self) -> bool:
        return _has_number(self.shares)


def explain_pairs(anchor_id: int, other_ids: Sequence[int], *, space: EmbeddingSpace) -> dict[int, PairExplanation]:
    """Return the explanation of each of `other_ids` that exists. Two queries."""
    products = Product.objects.select_related("category").in_bulk([anchor_id, *other_ids])
    vectors = _read_vectors(space, list(products))
    others = [product_id for product_id in other_ids if product_id in products and anchor_id in products]
    shares, similarities = _compare(space, anchor_id, others, vectors)
    return {
        product_id: PairExplanation(
            product_id=product_id,
            shares=shares[row],
            similarities={name: similarity for name, similarity in similarities[row].items() if name != FUSED},
            similarity=similarities[row][FUSED],
            shared=find_shared(products[anchor_id], products[product_id]),
        )
        for row, product_id in enumerate(others)
    }


def find_shared(anchor: Product, other: Product) -> dict[str, str]:
    """Return what two products have in common as people read it, by name: brand, category, collection, attributes,
    and their colour, where their pictures alone say it."""
    shared = {name: str(getattr(other, name)) for name in SHARED_FIELDS if _is_same(anchor, other, name)}
    if "category" in shared:
        shared["category"] = word_category_path(shared["category"])
    theirs = read_object(other.attributes)
    for name, value in read_object(anchor.attributes).items():
        text = describe_value(value, key=name)
        if text and theirs.get(name) == value:
            shared[name] = text
    if not any(name.lower() in COLOUR_ATTRIBUTES for name in shared):
        common = [str(BASIC_COLOURS[colour]) for colour in anchor.colours if colour in other.colours]
        shared |= {"colour": ", ".join(common)} if common else {}
    return dict(list(shared.items())[:MAX_SHARED])


def _is_same(anchor: Product, other: Product, name: str) -> bool:
    return bool(getattr(anchor, name)) and getattr(anchor, name) == getattr(other, name)


def _read_vectors(space: EmbeddingSpace, product_ids: Sequence[int]) -> dict[tuple[int, str], np.ndarray]:
    rows = ProductEmbedding.objects.filter(space=space, product_id__in=product_ids)
    return {
        (product_id, modality): np.asarray(vector, dtype=np.float32)
        for product_id, modality, vector in rows.values_list("product_id", "modality", "vector")
    }


Numbers = list[dict[str, float | None]]  # by modality, for each pair


def _compare(
    space: EmbeddingSpace, anchor_id: int, other_ids: Sequence[int], vectors: dict[tuple[int, str], np.ndarray]
) -> tuple[Numbers, Numbers]:
    """Return the shares of each modality for each pair; the similarities by each, and by all together."""
    if not other_ids:
        return [], []
    pipeline = load_pipeline(space)

    def stack(product_ids: Sequence[int], modality: str, dim: int) -> np.ndarray:
        none = np.zeros(dim, dtype=np.float32)
        return np.stack([vectors.get((product_id, modality), none) for product_id in product_ids])

    dims = pipeline.dims | {FUSED: pipeline.dim}
    left = {name: stack([anchor_id] * len(other_ids), name, dim) for name, dim in dims.items()}
    right = {name: stack(other_ids, name, dim) for name, dim in dims.items()}
    parts = pipeline.modality_shares(left, right)
    similarities: Numbers = [
        {name: _compare_rows(left[name][row], right[name][row], pipeline.scale_of(name)) for name in dims}
        for row in range(len(other_ids))
    ]
    names = [*pipeline.dims]
    shares: Numbers = [
        dict(zip(names, map(float, row), strict=True))
        if _has_number({name: found[name] for name in names})
        else dict.fromkeys(names)
        for row, found in zip(parts, similarities, strict=True)
    ]
    return shares, similarities


def _has_number(found: Mapping[str, float | None]) -> bool:
    return any(number is not None for number in found.values())


def _compare_rows(left: np.ndarray, right: np.ndarray, scale: SimilarityScale) -> float | None:
    lengths = float(np.linalg.norm(left) * np.linalg.norm(right))  # 1, but for half precision
    return float(scale.show(left @ right / lengths)) if lengths else None
