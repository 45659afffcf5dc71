"""The one signal of the project: products or pictures were saved or deleted, so their vectors may be old.

Django sends it for one that is saved alone, `catalog.writing` for all that it saves together.

In the saver's transaction the product is queued; after the commit a worker is told. What bypasses signals (bulk_create,
queryset.update, raw SQL) is found by `refresh_stale`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from catalog.models import Product, ProductImage
from catalog.signals import products_saved
from embeddings.freshness.bell import ring_after_commit
from embeddings.models import PendingEmbedding


@receiver([post_save, post_delete], sender=ProductImage)
@receiver(post_save, sender=Product)
def queue_product(instance: Product | ProductImage, *, raw: bool = False, **_: Any) -> None:
    """Queue a product that was saved. Fixtures (`raw`) may come in any order: `refresh_stale` finds their products."""
    if not raw:
        queue_products([instance.product_id if isinstance(instance, ProductImage) else instance.pk])


@receiver(products_saved)
def queue_products(product_ids: Sequence[int], **_: Any) -> None:
    """Queue products that were saved together."""
    PendingEmbedding.objects.put(product_ids)
    ring_after_commit()
