"""Prices at which a category has nothing to buy, though what costs a little less and a little more sells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from django.db import connection, transaction

from behaviour.retail.slices import PER_DAY
from behaviour.retail.tables import PriceGap
from catalog.conditions import IN_STOCK

STEPS = 2  # of prices in each doubling: 1 to 1.41, 1.41 to 2
LEAST_PER_DAY = 0.05  # pieces that a product has to sell on both sides: one in three weeks
MAX_GAPS = 500
# (category, currency, step of prices, products that can be bought, pieces that each sells in a day)
OFFERED = f"""
SELECT product.category_id, product.currency, floor({STEPS} * log(2, product.price))::int AS step,
    count(*) FILTER (WHERE {IN_STOCK.format("product.stock")}), avg({PER_DAY})::float8
FROM catalog_product AS product JOIN behaviour_forecast AS forecast ON forecast.product_id = product.id
WHERE product.is_active AND product.price > 0 AND product.category_id IS NOT NULL
GROUP BY product.category_id, product.currency, step
ORDER BY product.category_id, product.currency, step
"""


class Shelf(NamedTuple):
    """The products of a category between two prices."""

    category_id: int
    currency: str
    step: int
    offered: int
    per_day: float


def find_gaps() -> int:
    """Look anew; return how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(OFFERED)
        shelves = [Shelf(*row) for row in cursor.fetchall()]
    gaps = sorted(list_gaps(shelves), key=lambda gap: (-gap.per_day, gap.category_id, gap.low))[:MAX_GAPS]
    with transaction.atomic():
        PriceGap.objects.all().delete()
        PriceGap.objects.bulk_create(gaps)
    return len(gaps)


def list_gaps(shelves: Iterable[Shelf]) -> Iterator[PriceGap]:
    """Yield what lies between two shelves that sell and has nothing that can be bought. Shelves are in order."""
    for (category_id, currency), group in groupby(shelves, key=lambda shelf: (shelf.category_id, shelf.currency)):
        filled = [shelf for shelf in group if shelf.offered]
        for below, above in pairwise(filled):
            sells = min(below.per_day, above.per_day)
            if above.step > below.step + 1 and sells >= LEAST_PER_DAY:
                low, high = _price(below.step + 1), _price(above.step)
                yield PriceGap(category_id=category_id, currency=currency, low=low, high=high, per_day=sells)


def _price(step: int) -> float:
    return math.pow(2, step / STEPS)
