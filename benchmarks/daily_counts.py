"""What counting by day costs, and what reports cost that read the counts.

    python benchmarks/daily_counts.py --home DIR [--events 1000000] [--products 100000]

Makes visits over 400 days straight in the table of events: half of it lists that were shown, then clicks, views, carts
and purchases of one product that was clicked, one that was only seen and one that nobody showed. Then it counts them as
a worker does. Beside each time stands its ratio to the least that such work can cost: grouping the same events without
asking who is credited. Everything is in a home of its own, which can be deleted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.synthetic import use_home

DAYS = 400
VISIT = 12  # events of one
CHUNK = 1_000_000
GOAL = 5_000  # events a second
CHANCE = "((hashint8extended({}, 7) & 1073741823) / 1073741824.0)"
SKU = "'S' || floor(power(" + CHANCE + ", 3) * %(products)s)::bigint"
FILL = f"""
INSERT INTO behaviour_event (event_key, type, sku, user_key, session_key, order_key, quantity, price, currency,
    recommendation_id, strategy, placement, space, experiment, arm, query, consent, occurred_at, received_at)
SELECT gen_random_uuid(), type,
    {SKU.format("visit * 64 + CASE WHEN step < 6 THEN step WHEN step < 10 THEN 0 WHEN step = 10 THEN 1 ELSE 40 END")},
    CASE WHEN visit %% 2 = 0 THEN md5('u' || hashint8(visit) %% 200000)::uuid END, md5('s' || visit)::uuid,
    CASE WHEN type = 'purchase' THEN md5('o' || visit)::uuid END, 1,
    CASE WHEN type = 'purchase' THEN 9.9 END, CASE WHEN type = 'purchase' THEN 'EUR' ELSE '' END,
    CASE WHEN step < 7 THEN 'list' ELSE '' END,
    CASE WHEN step < 7 THEN (ARRAY['similar', 'popular', 'personal'])[1 + visit %% 3] ELSE '' END,
    CASE WHEN step < 7 THEN (ARRAY['home', 'product', 'cart', 'app'])[1 + visit %% 4] ELSE '' END,
    CASE WHEN step < 7 THEN 'first' ELSE '' END, '', '', '', 'personalisation', moment, moment
FROM (
    SELECT n / {VISIT} AS visit, n %% {VISIT} AS step,
        (ARRAY['impression', 'impression', 'impression', 'impression', 'impression', 'impression', 'click', 'view',
            'add_to_cart', 'purchase', 'purchase', 'purchase'])[1 + n %% {VISIT}] AS type,
        date_trunc('day', now()) - interval '{DAYS - 1} days' + n * (interval '{DAYS} days' / %(events)s) AS moment
    FROM generate_series(%(first)s::bigint, %(last)s::bigint - 1) AS n
) AS made"""
LEAST = """
CREATE TEMP TABLE least AS SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, sku, placement, strategy, space,
    experiment, arm, currency, count(*) FILTER (WHERE type = 'impression') AS impressions,
    count(*) FILTER (WHERE type = 'click') AS clicks, count(*) FILTER (WHERE type = 'purchase') AS orders,
    sum(quantity * price) AS revenue FROM behaviour_event GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="KINDRED_HOME of its own; made where missing")
    parser.add_argument("--events", type=int, default=1_000_000, help="to count, default: %(default)s")
    parser.add_argument("--products", type=int, default=100_000, help="default: %(default)s")
    arguments = parser.parse_args()
    with use_home(arguments.home):
        fill(arguments.events, products=arguments.products)
        show_counting(arguments.events)
        show_reports()


def fill(events: int, *, products: int) -> None:
    """Make products in 20 categories, and the events."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE behaviour_event, behaviour_dailycount, behaviour_dailytotal, behaviour_countedday, "
            "behaviour_counting, catalog_product, catalog_category CASCADE"
        )
        cursor.execute(
            "INSERT INTO catalog_category (name, path) SELECT 'C' || n, 'C' || n FROM generate_series(0, 19) n"
        )
        cursor.execute(
            "INSERT INTO catalog_product (sku, title, description, translations, attributes, brand, category_id, "
            "currency, variant_group, collection, url, source, is_active, created_at, updated_at) "
            "SELECT 'S' || n, 'Lamp ' || n, '', '{}', '{}', '', c.id, '', '', '', '', '', true, now(), now() "
            "FROM generate_series(0, %s::int - 1) n JOIN catalog_category c ON c.path = 'C' || n %% 20",
            [products],
        )
        cursor.execute("DELETE FROM embeddings_pendingembedding")
        cursor.execute(
            f"SELECT behaviour_make_month(now() - n * interval '28 days') FROM generate_series(0, {DAYS // 28 + 1}) n"
        )
        for first in range(0, events, CHUNK):
            last = min(first + CHUNK, events)
            cursor.execute(FILL, {"first": first, "last": last, "events": events, "products": products})
        cursor.execute("ANALYZE behaviour_event, catalog_product, catalog_category")


def show_counting(events: int) -> None:
    """Print how long counting takes, and the totals."""
    from django.db import connection

    from behaviour.reports.counting import count_new_events
    from behaviour.reports.totals import total_stale_days

    with connection.cursor() as cursor:
        least = clock(lambda: cursor.execute(LEAST))
        cursor.execute("SELECT count(*) FROM least")
        rows = (cursor.fetchone() or (0,))[0]
    print(f"{events:,} events of {DAYS} days, {rows:,} rows of counts by product and list at least")
    print(f"{'':40} {'s':>9} {'ratio':>7} {'events/s':>10}")
    show("grouped, nobody credited", least, least=least, events=events)
    counted = clock(count_new_events)
    show(f"counted in steps (goal {GOAL:,} a second)", counted, least=least, events=events)
    show(f"totals of {DAYS} days", clock(total_stale_days), least=least, events=events)
    show("nothing new", clock(count_new_events), least=least, events=0)


def show_reports() -> None:
    """Print what a page costs beside reading the counts of products, and beside reading events."""
    from django.db import connection
    from django.utils import timezone

    from behaviour.reports.performance import Period, read_performance
    from behaviour.reports.sales import read_counts_by_product, read_counts_of

    today = timezone.localdate()
    since = today - timedelta(days=89)
    with connection.cursor() as cursor:
        raw = (
            "SELECT placement, type, count(*), sum(quantity * price) FROM behaviour_event "
            "WHERE occurred_at >= %s GROUP BY 1, 2"
        )
        least = clock(lambda: cursor.execute(raw, [since]))
        cursor.execute(
            "SELECT (SELECT count(*) FROM behaviour_dailycount), (SELECT count(*) FROM behaviour_dailytotal)"
        )
        counts, totals = cursor.fetchone() or (0, 0)
    print(f"reports of 90 days; {counts:,} daily counts, {totals:,} totals")
    show("events grouped, as a report would", least, least=least)
    for by in ("placement", "category", "day"):
        show(f"report by {by}", clock(lambda by=by: read_performance(Period(since, today), by=by)), least=least)
    month = today - timedelta(days=27)
    show("one product, 28 days", clock(lambda: read_counts_of("S7", since=month, until=today)), least=least)
    show("all products, 28 days (worker)", clock(lambda: read_counts_by_product(month, today)), least=least)


def clock(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def show(what: str, seconds: float, *, least: float, events: int | None = None) -> None:
    speed = "" if events is None else f"{events / seconds:10,.0f}"
    print(f"{what:40} {seconds:9.3f} {seconds / least:7.3f} {speed}")


if __name__ == "__main__":
    main()
