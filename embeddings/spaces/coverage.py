"""Which products a space lacks, and why: what whoever lists, builds or compares spaces is told in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Exists, OuterRef, QuerySet

from catalog.models import Product
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, PendingEmbedding, ProductEmbedding
from embeddings.spaces.lifecycle import BUILD_COMMAND, Status

SHOWN_SKUS = 5
SHOWN_REASONS = 5


def describe_gaps(space: EmbeddingSpace, *, product_count: int) -> Iterator[str]:
    """Yield a sentence for a build that failed or never was, and one for the products of `product_count` it lacks."""
    if space.failure:
        reason = space.failure.rstrip(".")
        yield f"{space.name} failed: {reason}. Mend that, then `{BUILD_COMMAND} {space.name}` goes on."
    missing = find_missing(space)
    count = missing.count()
    if count == product_count and space.status == Status.BUILDING:
        if space.progress:
            yield f"{space.name} is being built. If that was broken off, `{BUILD_COMMAND} {space.name}` goes on."
        else:
            yield f"{space.name} is not built yet: `{BUILD_COMMAND} {space.name}` does it."
    elif count:
        yield f"{space.name} lacks {count} of {product_count} products: {'; '.join(_list_reasons(space, missing))}."


def find_missing(space: EmbeddingSpace) -> QuerySet[Product]:
    """Return the products without a vector in a space, in order of SKU."""
    stored = ProductEmbedding.objects.filter(product=OuterRef("pk"), space=space, modality=FUSED)
    return Product.objects.filter(~Exists(stored)).order_by("sku")


def _list_reasons(space: EmbeddingSpace, missing: QuerySet[Product]) -> Iterator[str]:
    pending = dict(PendingEmbedding.objects.values_list("product_id", "reason"))
    skus: dict[str, list[str]] = defaultdict(list)
    for product_id, sku in missing.values_list("pk", "sku").iterator():
        skus[pending.get(product_id, _reason_of(space)) or "waiting for the worker"].append(sku)
    for reason, found in sorted(skus.items(), key=lambda item: -len(item[1]))[:SHOWN_REASONS]:
        shown = ", ".join(found[:SHOWN_SKUS])
        yield f"{reason.rstrip('.')} ({shown}{', ...' if len(found) > SHOWN_SKUS else ''})"


def _reason_of(space: EmbeddingSpace) -> str:
    """Return why a product that waits for nothing has no vector."""
    if space.status == Status.LIVE:
        return "found by the worker within a minute, or by `manage.py embed_products`"
    return f"not embedded in it yet, `{BUILD_COMMAND} {space.name}` does it"
