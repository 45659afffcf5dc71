"""The orders of all products through the day: what was bought since counts, and what was not keeps its place.

Popular: a basket counts 2^(-age / half-life) in the build. All ages grow alike, so nobody's place changes by waiting; a
basket t days after the build's last one counts 2^(t / half-life) beside those of the build. Trending: of what was
bought today or yesterday, or trends already, the daily counts of the last days beside what the build saw of it. What
does not sell cannot begin to trend: so a step reads what a day sells, and not the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from behaviour.learners.trend import Trend
from behaviour.reports.daily_counts import DailyTotal
from behaviour.versions.chosen import read_settings
from behaviour.versions.version import Ranking, Version
from behaviour.versions.writing import write_ranking

PLACED = 1_000  # of the first places that are put in order; below, a place is as good as its neighbours
TRENDING = 1_000  # products at most that a step finds
# Of each product, in how many orders it is new, and what they count beside those of the build.
FIND_SALES = """
SELECT product.id, count(*), sum(power(2.0, least((sale.day - %(last_day)s) / %(half_life)s, 60)))
FROM (
    SELECT sku, order_key, extract(epoch FROM max(occurred_at)) / 86400 AS day FROM behaviour_event
    WHERE id > %(after)s AND id <= %(upto)s AND type = 'purchase' AND order_key IS NOT NULL GROUP BY sku, order_key
) AS sale JOIN catalog_product AS product ON product.sku = sale.sku GROUP BY product.id
"""
ADD_SALES = """
INSERT INTO behaviour_ranking (version_id, kind, product_id, score, support, place)
SELECT %(version)s, 'popular', product_id, score, support, 0
FROM unnest(%(products)s::bigint[], %(scores)s::float8[], %(supports)s::int[]) AS sold(product_id, score, support)
ON CONFLICT (version_id, kind, product_id) DO UPDATE
SET score = behaviour_ranking.score + excluded.score, support = behaviour_ranking.support + excluded.support
"""
# The first places, with what was sold now, by score. What was sold and is not among the best of these goes to the place
# behind them unless it has one.
PLACE_SALES = """
WITH ranked AS (
    SELECT product_id, place, row_number() OVER (ORDER BY score DESC, product_id) AS number
    FROM behaviour_ranking WHERE version_id = %(version)s AND kind = 'popular'
    AND (place BETWEEN 1 AND %(placed)s OR product_id = ANY(%(products)s))
)
UPDATE behaviour_ranking AS row
SET place = CASE WHEN number <= %(placed)s THEN number ELSE %(placed)s + 1 END
FROM ranked WHERE row.version_id = %(version)s AND row.kind = 'popular' AND row.product_id = ranked.product_id
    AND (number <= %(placed)s OR row.place <= %(placed)s)
"""
# In how many orders of the last days each product is that was bought today or yesterday, or trends.
FIND_RECENT = """
WITH asked AS (
    SELECT sku FROM behaviour_dailycount WHERE day BETWEEN %(today)s - 1 AND %(today)s AND orders > 0
    UNION SELECT product.sku FROM behaviour_ranking JOIN catalog_product AS product ON product.id = product_id
    WHERE version_id = %(version)s AND kind = 'trending'
)
SELECT product.id, recent.orders FROM asked JOIN catalog_product AS product ON product.sku = asked.sku, LATERAL (
    SELECT sum(orders)::bigint AS orders FROM behaviour_dailycount AS counted
    WHERE counted.sku = asked.sku AND day BETWEEN %(today)s - %(days)s + 1 AND %(today)s
) AS recent WHERE recent.orders > 0
"""


def take_up_sales(version: Version, *, after: int, upto: int) -> None:
    """Bring both rankings of the live version up to date with the events after one, up to another."""
    sold = read_sales(version, after=after, upto=upto)
    if sold:
        _add_to_popular(version, sold)
    _renew_trending(version)


def read_sales(version: Version, *, after: int, upto: int) -> dict[int, tuple[int, float]]:
    """Return by product in how many new orders it is, and what they count."""
    asked: dict[str, float] = {
        "after": after,
        "upto": upto,
        "last_day": float(version.figures.get("steps", {}).get("last_day", 0)),
        "half_life": read_settings(version).popular_half_life_days,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND_SALES, asked)
        return {product_id: (int(orders), float(score)) for product_id, orders, score in cursor.fetchall()}


def _add_to_popular(version: Version, sold: Mapping[int, tuple[int, float]]) -> None:
    asked: dict[str, Any] = {
        "version": version.pk,
        "products": list(sold),
        "scores": [score for _, score in sold.values()],
        "supports": [orders for orders, _ in sold.values()],
        "placed": PLACED,
    }
    with connection.cursor() as cursor:
        cursor.execute(ADD_SALES, asked)
        cursor.execute(PLACE_SALES, asked)


def _renew_trending(version: Version) -> None:
    """Put what trends now in the place of what did: orders of the last days against each product's own usual."""
    today, days = timezone.localdate(), int(read_settings(version).trend_days)
    whole = int(version.figures.get("steps", {}).get("order_lines", 0))
    with connection.cursor() as cursor:
        cursor.execute(FIND_RECENT, {"version": version.pk, "today": today, "days": days})
        sold: dict[int, int] = dict(cursor.fetchall())
    if not sold or not whole:
        return
    known = Ranking.objects.filter(version_id=version.pk, kind=Ranking.Kind.POPULAR, product_id__in=list(sold))
    support = dict(known.values_list("product_id", "support"))
    products = np.array(sorted(sold), dtype=np.int64)
    now = np.array([sold[pk] for pk in products.tolist()], dtype=np.float32)
    before = np.maximum(np.array([support.get(pk, 0) for pk in products.tolist()], dtype=np.float32) - now, 0)
    all_now = max(float(now.sum()), count_orders(days=days, until=today))
    scores = Trend(now, before * np.float32(all_now / max(whole - all_now, 1))).scores
    best = np.lexsort((products, -scores))[: min(TRENDING, np.count_nonzero(scores))]
    write_ranking(version.pk, Ranking.Kind.TRENDING, products[best], scores=scores[best].tolist(), support=now[best])


def count_orders(*, days: int, until: date) -> int:
    """Return in how many orders products were in the last days, all products together."""
    totals = DailyTotal.objects.filter(day__range=(until - timedelta(days=days - 1), until))
    return totals.aggregate(whole=Sum("orders"))["whole"] or 0
