"""Keep known which pictures are placeholders, and queue the products concerned when one becomes or ceases to be one.

A worker looks at the pictures of each batch that it takes from the queue, and again at the placeholders there are: what
was saved is always looked at after its commit, so two imports at once cannot each miss the other's products. Nothing
here grows with the catalogue; only a fit, which does, looks at every picture. Variant groups that raw SQL dissolves are
found then.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from django.db import transaction

from catalog.models import ProductImage
from embeddings.models import PendingEmbedding
from embeddings.placeholders import PlaceholderPicture, find_candidates, find_shared, find_used_by

logger = logging.getLogger(__name__)

CHUNK = 1000  # products queued with one statement


def settle_placeholders(product_ids: Sequence[int] = ()) -> None:
    """Look at the pictures of some products, and at the placeholders that are known.

    Other products that are concerned are queued; these are taken to be read by the caller after this.
    """
    _settle(find_used_by(product_ids), apart=product_ids)


def settle_all_placeholders() -> None:
    """Look at every picture that many products share."""
    _settle(find_candidates())


def _settle(candidates: set[str], *, apart: Collection[int] = ()) -> None:
    known = set(PlaceholderPicture.objects.values_list("sha256", flat=True))
    shared = find_shared(candidates | known)
    for sha256 in sorted(shared ^ known):
        with transaction.atomic():
            if sha256 in shared:
                _, is_changed = PlaceholderPicture.objects.get_or_create(sha256=sha256)
            else:
                is_changed = bool(PlaceholderPicture.objects.filter(sha256=sha256).delete()[0])
            if is_changed:  # else another worker was first, and has queued them
                _queue_products(sha256, apart=apart)
        if is_changed:
            meaning = "counts as missing: too many designs share it" if sha256 in shared else "counts again"
            logger.info("The picture %s %s.", sha256[:12], meaning)


def _queue_products(sha256: str, *, apart: Collection[int]) -> None:
    users = ProductImage.objects.filter(sha256=sha256).exclude(product__in=apart).order_by("product_id")
    ids = list(users.values_list("product_id", flat=True).distinct())
    for start in range(0, len(ids), CHUNK):
        PendingEmbedding.objects.put_changed(ids[start : start + CHUNK])
