"""What pages of the retail desk list, kept true a slice of products at a time: what runs out, and what nobody is shown.

The beat asks for one slice a minute, by its place in time, so that nothing has to be remembered: a catalogue of 100,000
products is gone through in twenty minutes, whatever changed stocks or sold.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from behaviour.reports.daily_counts import DailyCount
from catalog.conditions import IN_STOCK
from catalog.models import Product

SLICE = 5_000  # ids
EVERY_S = 60
# A day's sales: the mean of the first four weeks of the forecast.
PER_DAY = "coalesce((SELECT avg(week) FROM unnest(forecast.expected[1:4]) AS week), 0) / 7"
NEIGHBOURS_PER_DAY = "coalesce(forecast.neighbours_total / (7 * cardinality(forecast.expected)), 0)"
RUNS_OUT = f"(NOT {IN_STOCK.format('product.stock')} OR product.stock < %(cover)s * {PER_DAY})"
NOTE_SHORT = f"""
INSERT INTO behaviour_shortstock (product_id, per_day, neighbours_per_day, noticed_at)
SELECT product.id, {PER_DAY}, {NEIGHBOURS_PER_DAY}, now()
FROM catalog_product AS product LEFT JOIN behaviour_forecast AS forecast ON forecast.product_id = product.id
WHERE product.id > %(after)s AND product.id <= %(upto)s AND product.is_active AND {RUNS_OUT}
ON CONFLICT (product_id) DO UPDATE
SET per_day = excluded.per_day, neighbours_per_day = excluded.neighbours_per_day
"""
FORGET_SHORT = f"""
DELETE FROM behaviour_shortstock AS short USING catalog_product AS product
LEFT JOIN behaviour_forecast AS forecast ON forecast.product_id = product.id
WHERE product.id = short.product_id AND product.id > %(after)s AND product.id <= %(upto)s
    AND NOT (product.is_active AND coalesce({RUNS_OUT}, false))
"""
SHOWN = """
EXISTS (
    SELECT FROM behaviour_dailycount AS counted
    WHERE counted.sku = product.sku AND counted.day >= %(since)s AND counted.impressions > 0
)
"""
NOTE_UNSEEN = f"""
INSERT INTO behaviour_unseenproduct (product_id, noticed_at)
SELECT product.id, now() FROM catalog_product AS product
WHERE product.id > %(after)s AND product.id <= %(upto)s AND product.is_active AND product.created_at < %(since)s
    AND NOT {SHOWN}
ON CONFLICT (product_id) DO NOTHING
"""
FORGET_UNSEEN = f"""
DELETE FROM behaviour_unseenproduct AS unseen USING catalog_product AS product
WHERE product.id = unseen.product_id AND product.id > %(after)s AND product.id <= %(upto)s
    AND (NOT product.is_active OR {SHOWN})
"""


def refresh_slice(after: int) -> None:
    """Look at the products whose ids follow `after`, up to SLICE of them."""
    since = timezone.localdate() - timedelta(days=settings.KINDRED_UNSEEN_DAYS)
    values = {
        "after": after,
        "upto": after + SLICE,
        "cover": settings.KINDRED_STOCK_COVER_DAYS,
        "since": since,
    }
    statements = [NOTE_SHORT, FORGET_SHORT, FORGET_UNSEEN]
    if shows_lists(since=since):
        statements.append(NOTE_UNSEEN)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


def refresh_slice_of_now() -> None:
    """Look at the slice whose turn it is."""
    last = Product.objects.aggregate(last=Max("pk"))["last"] or 0
    turn = int(timezone.now().timestamp()) // EVERY_S
    refresh_slice(turn % (last // SLICE + 1) * SLICE)


def shows_lists(*, since: date) -> bool:
    """Return whether this shop reports what it shows at all: or every product would be unseen."""
    return DailyCount.objects.filter(day__gte=since, impressions__gt=0).exists()
