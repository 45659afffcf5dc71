"""The one signal of the project: a product or a picture was saved or deleted, so its vector may be old.

In the saver's transaction the product is queued; after the commit a worker is told. What bypasses signals (bulk_create,
queryset.update, raw SQL) is found by `refresh_stale`.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from catalog.models import Product, ProductImage
from embeddings.freshness.bell import ring_after_commit
from embeddings.models import PendingEmbedding


@receiver([post_save, post_delete], sender=ProductImage)
@receiver(post_save, sender=Product)
def queue_product(instance: Product | ProductImage, *, raw: bool = False, **_: Any) -> None:
    """Queue a product that was saved. Fixtures (`raw`) may come in any order: `refresh_stale` finds their products."""
    if raw:
        return
    PendingEmbedding.objects.put(instance.product_id if isinstance(instance, ProductImage) else instance.pk)
    ring_after_commit()
