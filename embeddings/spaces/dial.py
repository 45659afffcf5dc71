"""The dial of a space: how much text counts against pictures, in the shop and in each category.

Turning it encodes nothing again: what the encoders said is fused anew by the worker, slice after slice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.utils.translation import gettext

from api.worker_bell import tell_worker
from catalog.models import Product
from embeddings.freshness.staleness import WHOLE_SHOP
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.lifecycle import SpaceError
from embeddings.tasks import refresh_stale
from embeddings.vectors import dial_text, load_pipeline

Array = npt.NDArray[np.float32]
Dial = Mapping[str, float]  # category path -> weight of the text; WHOLE_SHOP is every category without one of its own


@dataclass(frozen=True)
class StoredModalities:
    """The vectors of n products by modality; zero rows where one is missing."""

    product_ids: tuple[int, ...]
    paths: tuple[str, ...]  # of their categories
    vectors: Mapping[str, Array]  # each (n, its dim)


def turn_dial(space: EmbeddingSpace, path: str, *, weight: float | None) -> None:
    """Keep the text weight of a category and all below it, or of the whole shop (""); None takes it back.

    Two who turn it at once both have their way. Raises SpaceError where the weight is none.
    """
    if weight is not None and not 0 <= weight <= 1:
        raise SpaceError(gettext("The text weight lies between 0 (picture only) and 1 (text only): not %s.") % weight)
    with transaction.atomic():
        stored = EmbeddingSpace.objects.select_for_update().defer("parameters").get(pk=space.pk)
        stored.category_text_weights = set_weight(stored.category_text_weights, path, weight=weight)
        stored.save(update_fields=["category_text_weights"])
        transaction.on_commit(lambda: tell_worker(refresh_stale.delay), robust=True)


def set_weight(dial: Dial, path: str, *, weight: float | None) -> dict[str, float]:
    """Return the dial with one weight changed or taken back."""
    others = {name: value for name, value in dial.items() if name != path}
    return others if weight is None else others | {path: round(weight, 3)}


def find_weight(space: EmbeddingSpace, path: str) -> float:
    """Return the text weight that holds for a category, or for the whole shop ("")."""
    found = space.text_weight_of(path)
    return space.text_weight if found is None else found


def list_weights(space: EmbeddingSpace) -> list[tuple[str, float]]:
    """Return path and weight of each category that has one of its own, in the order of the tree."""
    return sorted((path, float(weight)) for path, weight in space.category_text_weights.items() if path != WHOLE_SHOP)


def read_modalities(space: EmbeddingSpace, product_ids: Sequence[int]) -> StoredModalities:
    """Return what is stored of some products, in their order; those that have no vector are left out."""
    rows = ProductEmbedding.objects.filter(space=space, product_id__in=product_ids).exclude(modality=FUSED)
    known: dict[int, dict[str, Array]] = {}
    for product_id, modality, vector in rows.values_list("product_id", "modality", "vector"):
        known.setdefault(product_id, {})[modality] = np.asarray(vector, dtype=np.float32)
    kept = [product_id for product_id in product_ids if product_id in known]
    paths = dict(Product.objects.filter(pk__in=kept).values_list("pk", "category__path"))
    return StoredModalities(
        product_ids=tuple(kept),
        paths=tuple(paths.get(product_id) or "" for product_id in kept),
        vectors={name: _stack(known, kept, name, dim) for name, dim in load_pipeline(space).dims.items()},
    )


def fuse_by_dial(space: EmbeddingSpace, stored: StoredModalities, *, dial: Dial) -> Array:
    """Return (n, dim): the fused vectors that the worker would store under `dial`. Nothing is written."""
    turned = EmbeddingSpace(category_text_weights=dict(dial))
    weights = [turned.text_weight_of(path) for path in stored.paths]
    pipeline = load_pipeline(space)
    return pipeline.fuse_encoded(stored.vectors, dial=dial_text(pipeline, weights))


def _stack(known: Mapping[int, Mapping[str, Array]], ids: Sequence[int], modality: str, dim: int) -> Array:
    none = np.zeros(dim, dtype=np.float32)
    return (
        np.stack([known[product_id].get(modality, none) for product_id in ids])
        if ids
        else np.zeros((0, dim), np.float32)
    )
