"""What is bought with what between categories of the top level, counted once a night, day after day of orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations_with_replacement

from django.db import connection, transaction
from django.utils import timezone

from behaviour.events.event import Event
from behaviour.retail.tables import CategoryPair

DAYS = 90  # of orders, up to the last one
MAX_CATEGORIES = 20  # that a picture of them has room for: those that are bought most
ORDERS = """
SELECT array_agg(DISTINCT split_part(category.path, '/', 1))
FROM behaviour_event AS event
JOIN catalog_product AS product ON product.sku = event.sku
JOIN catalog_category AS category ON category.id = product.category_id
WHERE event.type = 'purchase' AND event.order_key IS NOT NULL
    AND event.occurred_at >= %s AND event.occurred_at < %s
GROUP BY event.order_key
"""


def pair_categories() -> int:
    """Count anew; return how many orders were counted."""
    orders: Counter[tuple[str, ...]] = Counter()
    for names in read_orders():
        orders[names] += 1
    pairs = count_pairs(orders)
    with transaction.atomic():
        CategoryPair.objects.all().delete()
        CategoryPair.objects.bulk_create(pairs)
    return sum(orders.values())


def read_orders() -> Iterator[tuple[str, ...]]:
    """Yield the categories of each order of the last DAYS days; an order is of one day."""
    last = Event.objects.filter(type=Event.Kind.PURCHASE).order_by("-occurred_at").values_list("occurred_at").first()
    if last is None:
        return
    begins = _begin_day(last[0]) - timedelta(days=DAYS - 1)
    with connection.cursor() as cursor:
        for day in range(DAYS):
            since = begins + timedelta(days=day)
            cursor.execute(ORDERS, [since, since + timedelta(days=1)])
            for (names,) in cursor.fetchall():
                yield tuple(sorted(names))


def count_pairs(orders: Counter[tuple[str, ...]]) -> list[CategoryPair]:
    """Return the pairs of the categories that most orders have, in both directions once, and each with itself.

    Lift is the share of orders with both, by the product of the shares of orders with each.
    """
    total = sum(orders.values())
    single = Counter[str]()
    for names, count in orders.items():
        single.update(dict.fromkeys(names, count))
    chosen = {name for name, _ in sorted(single.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_CATEGORIES]}
    both: Counter[tuple[str, str]] = Counter()
    for names, count in orders.items():
        for pair in combinations_with_replacement([name for name in names if name in chosen], 2):
            both[pair] += count
    return [
        CategoryPair(first=first, second=second, orders=count, lift=count * total / (single[first] * single[second]))
        for (first, second), count in sorted(both.items())
    ]


def _begin_day(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)
