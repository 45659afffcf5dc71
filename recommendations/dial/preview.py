"""The lists of a few products as they are, and as another dial would make them. Nothing is stored or encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from embeddings.spaces.dial import Dial, StoredModalities, fuse_by_dial, read_modalities
from recommendations.requests import Options
from recommendations.services import UnknownAnchor, similar_products

SHOWN = 6  # of each list
SEARCHED = 40  # nearest by each modality: what any dial can bring to the first places is among them


@dataclass(frozen=True)
class Place:
    """A product in a list; `moved` is how many places it came nearer, None where it was not in the other list."""

    product: Product
    moved: int | None


@dataclass(frozen=True)
class Turned:
    """The list of one product by the dial as it is, and by the other one."""

    anchor: Product
    before: tuple[Place, ...]
    after: tuple[Place, ...]

    @property
    def changes(self) -> bool:
        return [place.product.pk for place in self.before] != [place.product.pk for place in self.after]


def preview_dial(space: EmbeddingSpace, anchors: Sequence[Product], *, dial: Dial) -> list[Turned]:
    """Return both lists of each anchor that has a vector.

    Candidates are what the live lists find by each modality and by all together; each is fused under the dial of its
    own category, and the nearest by cosine come first, as in a list without rules.
    """
    found = {anchor.pk: find_candidates(anchor, space) for anchor in anchors}
    stored = read_modalities(space, list(dict.fromkeys([*found, *(pk for ids in found.values() for pk in ids)])))
    row = {product_id: place for place, product_id in enumerate(stored.product_ids)}
    ranked = {
        anchor.pk: [
            rank(anchor.pk, found[anchor.pk], vectors=vectors, row=row)
            for vectors in both_dials(space, stored, dial=dial)
        ]
        for anchor in anchors
        if anchor.pk in row
    }
    wanted = {pk for lists in ranked.values() for ids in lists for pk in ids}
    products = Product.objects.for_cards().in_bulk(wanted)
    return [
        Turned(anchor, *mark_moves(*[[products[pk] for pk in ids if pk in products] for ids in ranked[anchor.pk]]))
        for anchor in anchors
        if anchor.pk in ranked
    ]


def find_candidates(anchor: Product, space: EmbeddingSpace) -> list[int]:
    """Return the ids of what is nearest to a product by each modality."""
    ids: dict[int, None] = {}
    for modality in space.dims:
        options = Options(modality=modality, fallback=False, cacheable=False)
        try:
            found = similar_products(anchor, limit=SEARCHED, options=options)
        except UnknownAnchor:
            continue
        ids |= dict.fromkeys(item.candidate.product_id for item in found)
    return list(ids)


def both_dials(space: EmbeddingSpace, stored: StoredModalities, *, dial: Dial) -> tuple[np.ndarray, np.ndarray]:
    """Return the fused vectors (n, dim) by the dial as it is, and by `dial`."""
    return fuse_by_dial(space, stored, dial=space.category_text_weights), fuse_by_dial(space, stored, dial=dial)


def rank(anchor_id: int, ids: Sequence[int], *, vectors: np.ndarray, row: dict[int, int]) -> list[int]:
    """Return the first ids by falling cosine with the anchor; ties by id."""
    known = sorted(pk for pk in ids if pk in row and pk != anchor_id)
    similarity = vectors[[row[pk] for pk in known]] @ vectors[row[anchor_id]] if known else np.zeros(0)
    return [known[place] for place in np.argsort(-similarity, kind="stable")[:SHOWN]]


def mark_moves(before: Sequence[Product], after: Sequence[Product]) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Return both lists with how far each product moved from one to the other."""
    old = {product.pk: place for place, product in enumerate(before)}
    new = {product.pk: place for place, product in enumerate(after)}
    left = tuple(Place(product, old[product.pk] - new[product.pk] if product.pk in new else None) for product in before)
    right = tuple(Place(product, old[product.pk] - new[product.pk] if product.pk in old else None) for product in after)
    return left, right
