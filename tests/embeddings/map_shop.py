"""A shop on a map: products in two groups, whose vectors need no encoder."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np

from catalog.models import Product
from embeddings.map.services import find_shown
from embeddings.models import CatalogueMap, EmbeddingSpace, MapPoint, PendingEmbedding
from tests.recommendations.shelf import put


def fill(space: EmbeddingSpace, *, count: int = 12, start: int = 0, **fields: Any) -> list[Product]:
    """Add products, SKU P000 and so on: even ones near one axis, odd ones near another. Nothing waits for a worker."""
    random = np.random.default_rng(start)
    products = []
    for number in range(start, start + count):
        vector = np.eye(3)[number % 2] + random.normal(scale=0.05, size=3)
        products.append(put(space, f"P{number:03}", (vector / np.linalg.norm(vector)).tolist(), **fields))
    PendingEmbedding.objects.all().delete()
    return products


def places() -> dict[str, tuple[int, int]]:
    """Where products lie on the map that is shown, by SKU."""
    live = EmbeddingSpace.objects.live()
    shown = find_shown(live) if live else None
    rows = MapPoint.objects.filter(map=shown).order_by("product__sku").values_list("product__sku", "x", "y")
    return {sku: (x, y) for sku, x, y in rows}


def unpack(shown: CatalogueMap) -> dict[str, Any]:
    """What a browser reads of a map, in order of product id."""
    content = gzip.decompress(bytes(shown.points))
    count, colourings = np.frombuffer(content, "<u4", 2)
    ids = np.frombuffer(content, "<f8", count, offset=8)
    x, y = (np.frombuffer(content, "<u2", count, offset=int(8 + 8 * count + at * 2 * count)) for at in (0, 1))
    codes = [
        np.frombuffer(content, "u1", count, offset=int(8 + 12 * count + place * count)) for place in range(colourings)
    ]
    order = np.argsort(ids)
    assert len(content) == 8 + (12 + colourings) * count
    return {
        "ids": ids[order].astype(int).tolist(),
        "places": list(zip(x[order].tolist(), y[order].tolist(), strict=True)),
        "codes": [code[order].tolist() for code in codes],
    }
