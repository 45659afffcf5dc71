"""The one procedure that brings the vectors of some products in one space up to date."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError
from django.utils.translation import gettext_noop

from embeddings.composition import parse_composition
from embeddings.encoders.base import EncoderError
from embeddings.encoding import EncoderChanged, Encodings, encode_inputs, load_encoders
from embeddings.freshness.noting import note_products
from embeddings.inputs import ProductInputs, load_inputs
from embeddings.metrics import FAILURES, PRODUCTS, stage
from embeddings.modalities.registry import FUSED, TEXT, find_modality
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.querysets import ProductVectors
from embeddings.vectors import find_problems, fuse_products

logger = logging.getLogger(__name__)

NOTHING_TO_ENCODE = gettext_noop("Nothing to encode: give it a title, a description or a picture.")
# What concerns every product alike is not a product's own problem: taking the batch apart would not help.
SHARED_ERRORS = (DatabaseError, EncoderError, EncoderChanged, MemoryError)


@dataclass(frozen=True)
class Shortfall:
    """Why a product has no vector, or one that lacks something."""

    reason: str
    fingerprint: str
    is_permanent: bool  # until the product changes
    kind: str  # as metrics count it: few words, whatever the reason says


@dataclass
class RefreshedBatch:
    """What became of a batch in one space, by product id.

    A product may be stored and fall short: it has a vector from what works.
    """

    stored: set[int] = field(default_factory=set)
    unchanged: set[int] = field(default_factory=set)
    changed_meanwhile: set[int] = field(default_factory=set)
    shortfalls: dict[int, Shortfall] = field(default_factory=dict)

    def add(self, other: RefreshedBatch) -> None:
        self.stored |= other.stored
        self.unchanged |= other.unchanged
        self.changed_meanwhile |= other.changed_meanwhile
        self.shortfalls |= other.shortfalls


def refresh_products(
    space: EmbeddingSpace,
    product_ids: Sequence[int],
    *,
    force: bool = False,
    keep_alive: Callable[[], None] | None = None,
) -> RefreshedBatch:
    """Encode, fuse and store those products that are not what their vectors were made from; all of them with `force`.

    Nothing is locked while encoders work. Products that change meanwhile are not stored, but reported.
    Raises EncoderError or EncoderChanged where the space's encoders cannot be used.
    """
    batch = _refresh(space, product_ids, force=force, keep_alive=keep_alive)
    _count(batch)
    return batch


def _refresh(
    space: EmbeddingSpace, product_ids: Sequence[int], *, force: bool, keep_alive: Callable[[], None] | None
) -> RefreshedBatch:
    with stage("read"):
        products = load_inputs(
            product_ids, parts=parse_composition(space.text_composition), modalities=space.list_modalities()
        )
    with stage("note"):
        note_products(products)
    batch = RefreshedBatch(unchanged=set() if force else _find_unchanged(products, space))
    changed = [product for product in products if product.product_id not in batch.unchanged]
    if not changed:
        return batch
    batch.add(_refresh_empty(space, [product for product in changed if product.is_empty]))
    filled = [product for product in changed if not product.is_empty]
    if filled:
        with stage("encode"):
            encodings = encode_inputs(filled, encoders=load_encoders(space), keep_alive=keep_alive)
        batch.add(_store_apart(space, filled, encodings))
    return batch


def _find_unchanged(products: Sequence[ProductInputs], space: EmbeddingSpace) -> set[int]:
    rows = ProductEmbedding.objects.filter(
        space=space, modality=FUSED, product__in=[product.product_id for product in products]
    ).values_list("product_id", "fingerprint", "text_weight")
    known = {product_id: (fingerprint, weight) for product_id, fingerprint, weight in rows}
    return {
        product.product_id
        for product in products
        if known.get(product.product_id) == (product.fingerprint, space.text_weight_of(product.category_path))
    }


def _refresh_empty(space: EmbeddingSpace, products: Sequence[ProductInputs]) -> RefreshedBatch:
    """Take away what products had before there was nothing left of them to encode."""
    empty = [ProductVectors(product.product_id, product.fingerprint, vectors={}) for product in products]
    unchanged = ProductEmbedding.objects.store(empty, space=space)
    return RefreshedBatch(
        changed_meanwhile={product.product_id for product in products} - unchanged,
        shortfalls={
            product.product_id: Shortfall(
                product.problem or NOTHING_TO_ENCODE, product.fingerprint, is_permanent=True, kind="nothing_to_encode"
            )
            for product in products
            if product.product_id in unchanged
        },
    )


def _store_apart(space: EmbeddingSpace, products: Sequence[ProductInputs], encodings: Encodings) -> RefreshedBatch:
    """Fuse and store a batch; if that fails, halve it until the product that cannot be stored stands alone."""
    try:
        return _store(space, products, encodings)
    except SHARED_ERRORS:
        raise
    except Exception as error:  # one poisonous product must never block the others
        if len(products) == 1:
            logger.exception("Product %s cannot be embedded in space %s", products[0].product_id, space.name)
            reason = f"{type(error).__name__}: {error}"
            shortfall = Shortfall(reason, products[0].fingerprint, is_permanent=False, kind="not_stored")
            return RefreshedBatch(shortfalls={products[0].product_id: shortfall})
    middle = len(products) // 2
    batch = _store_apart(space, products[:middle], encodings)
    batch.add(_store_apart(space, products[middle:], encodings))
    return batch


def _store(space: EmbeddingSpace, products: Sequence[ProductInputs], encodings: Encodings) -> RefreshedBatch:
    with stage("fuse"):
        drafts = fuse_products(products, encodings, space=space)
    with stage("store"):
        unchanged = ProductEmbedding.objects.store(drafts, space=space)
    batch = RefreshedBatch(changed_meanwhile={draft.product_id for draft in drafts} - unchanged)
    for product, draft in zip(products, drafts, strict=True):
        if product.product_id not in unchanged:
            continue
        if draft.vectors:
            batch.stored.add(product.product_id)
        if not draft.is_complete or product.problem:
            batch.shortfalls[product.product_id] = _describe_shortfall(product, encodings)
    return batch


def _describe_shortfall(product: ProductInputs, encodings: Encodings) -> Shortfall:
    reasons: list[str] = []
    for name in sorted(product.inputs, key=lambda name: name == TEXT):  # that of a text says least
        inputs = product.list_inputs(name)
        reasons += [
            find_modality(name).describe_failure(problem.reason, position=position, count=len(inputs))
            for position, one in enumerate(inputs, start=1)
            if (problem := encodings.problems.get(one.sha256))
        ]
    found = [encodings.problems[sha256] for sha256 in find_problems(product, encodings)]
    is_permanent = all(problem.is_permanent for problem in found)
    return Shortfall(
        reason="; ".join(filter(None, [product.problem, *reasons])),
        fingerprint=product.fingerprint,
        is_permanent=is_permanent,
        kind="unreadable" if is_permanent else "out_of_reach",
    )


def _count(batch: RefreshedBatch) -> None:
    short = batch.shortfalls.keys()
    outcomes = {
        "stored": batch.stored - short,
        "incomplete": batch.stored & short,
        "failed": short - batch.stored,
        "unchanged": batch.unchanged,
        "changed_meanwhile": batch.changed_meanwhile,
    }
    for outcome, products in outcomes.items():
        PRODUCTS.labels(outcome).inc(len(products))
    for shortfall in batch.shortfalls.values():
        FAILURES.labels(shortfall.kind).inc()
