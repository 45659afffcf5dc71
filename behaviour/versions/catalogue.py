"""The catalogue as arrays: which number a product has while a version is learned, and what it is like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from behaviour.learners.content import Content
from catalog.models import Product
from embeddings.modalities.registry import FUSED
from embeddings.models import ProductEmbedding
from embeddings.unit_rows import unit_rows

READ_BATCH = 20_000  # products held as Python objects at once


@dataclass(frozen=True)
class Catalogue:
    """All products by ascending id: their place is their number in what is learned."""

    product_ids: npt.NDArray[np.int64]  # (n,)
    skus: tuple[str, ...]
    groups: npt.NDArray[np.int32]  # (n,) code of the variant group, -1 where it has none
    prices: npt.NDArray[np.float32]  # (n,), NaN where not known

    def __len__(self) -> int:
        return len(self.skus)


def read_catalogue() -> Catalogue:
    """Read all products, also those that are not shown now: they may be tomorrow."""
    rows = Product.objects.order_by("pk").values_list("pk", "sku", "variant_group", "price")
    found: list[tuple[int, str, str, float]] = []
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:READ_BATCH]):  # by id: a cursor would not survive a pooler
        found += [(pk, sku, group, float("nan") if price is None else float(price)) for pk, sku, group, price in batch]
        last = batch[-1][0]
    ids, skus, groups, prices = zip(*found, strict=True) if found else ((), (), (), ())
    names, codes = np.unique(np.array(groups, dtype=np.str_), return_inverse=True)
    empty = np.flatnonzero(names == "")
    return Catalogue(
        product_ids=np.array(ids, dtype=np.int64),
        skus=tuple(skus),
        groups=np.where(np.isin(codes, empty), -1, codes).astype(np.int32),
        prices=np.array(prices, dtype=np.float32),
    )


def read_content(catalogue: Catalogue, *, space_id: int | None, modality: str = FUSED) -> Content:
    """Return what is known of the products: their vectors in a space, zero for those that have none there."""
    if not space_id:
        return Content.empty(len(catalogue))
    vectors = read_vectors(catalogue, space_id=space_id, modality=modality)
    return Content(vectors, catalogue.groups, catalogue.prices)


def read_vectors(catalogue: Catalogue, *, space_id: int, modality: str) -> npt.NDArray[np.float32]:
    """Return (n, dim) unit rows: a row of the half precision that is stored is not quite 1 long."""
    rows = ProductEmbedding.objects.filter(space_id=space_id, modality=modality).read_vectors()
    vectors = np.zeros((len(catalogue), 1), dtype=np.float32)
    for product_id, vector in rows:
        place = int(np.searchsorted(catalogue.product_ids, product_id))
        if place == len(catalogue) or catalogue.product_ids[place] != product_id:
            continue  # it came after the catalogue was read
        if vectors.shape[1] != len(vector):
            vectors = np.zeros((len(catalogue), len(vector)), dtype=np.float32)
        vectors[place] = vector
    for start in range(0, len(vectors), READ_BATCH):
        vectors[start : start + READ_BATCH] = unit_rows(vectors[start : start + READ_BATCH])
    return vectors
