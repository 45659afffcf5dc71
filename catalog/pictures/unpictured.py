"""Which products have no picture: few in a shop in order, and not to be found by looking at all the others."""

from __future__ import annotations

from django.db import models


class UnpicturedProduct(models.Model):
    """A product without a picture. Triggers keep these rows (migration 0010), whoever writes products and pictures."""

    product = models.OneToOneField(
        "catalog.Product",
        primary_key=True,
        related_name="unpictured",
        on_delete=models.DO_NOTHING,  # the trigger does
        db_constraint=False,
    )

    def __str__(self) -> str:
        return str(self.product_id)
