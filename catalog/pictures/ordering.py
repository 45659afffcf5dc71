"""The order of a product's pictures, as somebody puts them; the first is the one that cards show."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from catalog.models import Product, ProductImage
from catalog.signals import products_saved


@transaction.atomic
def order_pictures(product: Product, image_ids: Sequence[int]) -> bool:
    """Put the pictures in this order, those not named behind them as they were; return whether that changed anything.

    Raises Product.DoesNotExist where the product is gone.
    """
    Product.objects.select_for_update().get(pk=product.pk)  # a picture that is added meanwhile takes the last place
    held = list(ProductImage.objects.filter(product=product))
    place = {number: index for index, number in enumerate(dict.fromkeys(image_ids))}
    wanted = sorted(held, key=lambda image: place.get(image.pk, len(place)))  # stable: the others keep their order
    moved = [(index, image) for index, image in enumerate(wanted) if image.position != index]
    if wanted == held:
        return False
    for index, image in moved:
        image.position = index
    ProductImage.objects.bulk_update([image for _, image in moved], ["position"])
    products_saved.send(Product, product_ids=[product.pk])
    return True
