"""A few products of any catalogue, always the same for a seed, found by the index of their ids."""

from __future__ import annotations

import numpy as np
from django.db import connection
from django.db.models import Max, Min

from catalog.models import Product

NEXT_PRODUCTS = """
SELECT found.id FROM unnest(%s::bigint[]) WITH ORDINALITY AS drawn (number, place)
CROSS JOIN LATERAL (SELECT id FROM catalog_product WHERE id >= drawn.number ORDER BY id LIMIT 1) AS found
GROUP BY found.id ORDER BY min(drawn.place)
"""


def draw_few(count: int, *, seed: int = 0) -> list[int]:
    """Return the ids of up to `count` products in no order: of a small catalogue all of them.

    Numbers are drawn between the lowest id and the highest, and each stands for the next product: one step in an index,
    however large the catalogue is. What follows a gap is drawn a little more often, which a look at samples may bear.
    """
    ends = Product.objects.aggregate(low=Min("pk"), high=Max("pk"))
    if ends["low"] is None:
        return []
    width = ends["high"] - ends["low"] + 1
    numbers = np.random.default_rng(seed).choice(width, size=min(count, width), replace=False) + ends["low"]
    with connection.cursor() as cursor:
        cursor.execute(NEXT_PRODUCTS, [numbers.tolist()])
        return [row[0] for row in cursor.fetchall()]
