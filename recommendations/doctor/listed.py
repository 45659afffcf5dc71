"""Which products the lists of all others contain, noted as the doctor goes round."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, models

from catalog.models import Product

NOTE = """
INSERT INTO recommendations_listedproduct AS listed (product_id, listed_at)
SELECT DISTINCT unnest(%(ids)s::bigint[]), %(at)s::timestamptz ORDER BY 1
ON CONFLICT (product_id) DO UPDATE SET listed_at = excluded.listed_at WHERE listed.listed_at < excluded.listed_at
"""


class ListedProduct(models.Model):
    """A product that was in the list of another one, and in which round of the doctor that was seen last."""

    product = models.OneToOneField(
        Product, primary_key=True, related_name="+", on_delete=models.DO_NOTHING, db_constraint=False
    )
    listed_at = models.DateTimeField(help_text="When that round began: of each product one write a round")

    def __str__(self) -> str:
        return str(self.product_id)


def note_listed(product_ids: list[int], *, at: datetime) -> None:
    """Write down that lists of the round which began then contain these."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE, {"ids": product_ids, "at": at})
