"""The one signal of the project: products, pictures or sounds were saved or deleted, so their vectors may be old.

Django sends it for one that is saved alone, `catalog.writing` for all that it saves together.

That they wait to be embedded, Postgres has written down already, in the saver's transaction, whichever way they were
changed. Here a worker is told, after the commit, so that nobody waits for beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from catalog.models import Product, ProductAudio, ProductImage
from catalog.signals import products_saved
from embeddings.freshness.bell import ring_after_commit
from embeddings.freshness.waits import note_waits
from embeddings.models import PendingEmbedding


@receiver([post_save, post_delete], sender=ProductImage)
@receiver([post_save, post_delete], sender=ProductAudio)
@receiver(post_save, sender=Product)
def tell_of_product(instance: Product | ProductImage | ProductAudio, **_: Any) -> None:
    """Tell a worker of a product that was saved."""
    tell_of_products([instance.pk if isinstance(instance, Product) else instance.product_id])


@receiver(products_saved)
def tell_of_products(product_ids: Sequence[int], **_: Any) -> None:
    """Tell a worker of products that were saved together."""
    PendingEmbedding.objects.end_wait(product_ids)
    note_waits(product_ids)
    ring_after_commit()
