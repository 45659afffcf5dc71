"""What lists cost that go by behaviour, beside `similar` in the same run.

    python benchmarks/behaviour_serving.py [--home DIR] [--products 100000] [--events 10000000] [--requests 200]

Uses the catalogue of benchmarks/synthetic.py under --home, or in a temporary directory that is removed afterwards;
with --home it is kept for the next run. What was learned and what shoppers did is made straight in the tables: 50
neighbours of each kind for each product, two rankings, a profile for each shopper, and events of 60 products for each.
Prints milliseconds through the service, p50 and p95, those of the CPU, and the ratios to those of `similar`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import synthetic
from benchmarks.costs import measure, median, percentile

PER_SHOPPER = 60  # events
NEIGHBOURS = 50
WARM_UP = 12  # requests before any is timed: statements are prepared by then
DRAWN = "1 + (abs(hashint8extended({}, 7)) %% %(products)s)"
LEARN = f"""
INSERT INTO behaviour_neighbours (version_id, kind, product_id, neighbour_ids, scores, shares)
SELECT %(version)s, kind, p.id, n.ids, n.scores, n.shares
FROM catalog_product p CROSS JOIN unnest(ARRAY['bundle', 'viewed', 'personal']) kind
CROSS JOIN LATERAL (SELECT array_agg(id ORDER BY place) AS ids, array_agg((1.0 / place)::real ORDER BY place) AS scores,
        array_agg((0.5 + 0.5 / place)::real ORDER BY place) AS shares
    FROM (SELECT {DRAWN.format("p.id * 64 + place + length(kind)")} AS id, place
        FROM generate_series(1, {NEIGHBOURS}) place) one WHERE id <> p.id) n"""
RANK = """
INSERT INTO behaviour_ranking (version_id, kind, product_id, score, support, place)
SELECT %(version)s, kind, id, 1.0 / place, 10, place FROM unnest(ARRAY['popular', 'trending']) kind
CROSS JOIN LATERAL (SELECT id, row_number() OVER (ORDER BY hashint8extended(id, length(kind))) AS place
    FROM catalog_product) ranked"""
KEY = "md5('{}' || {})::uuid"
DO = f"""
INSERT INTO behaviour_event (event_key, type, sku, user_key, session_key, consent, occurred_at, received_at)
SELECT gen_random_uuid(), (ARRAY['view', 'view', 'view', 'click', 'add_to_cart', 'purchase'])[1 + n %% 6],
    'S' || {DRAWN.format("n")}, {KEY.format("user", "n %% %(shoppers)s")}, {KEY.format("session", "n %% %(shoppers)s")},
    'personalisation', now() - (%(events)s - n) * (interval '300 days' / %(events)s), now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint - 1) n"""
PROFILE = f"""
INSERT INTO behaviour_profile (version_id, user_key, product_ids, scores, shares)
SELECT %(version)s, {KEY.format("user", "n")}, l.neighbour_ids, l.scores, l.shares
FROM generate_series(0, %(shoppers)s - 1) n
JOIN behaviour_neighbours l
    ON l.version_id = %(version)s AND l.kind = 'personal' AND l.product_id = {DRAWN.format("n")}"""
CHUNK = 500_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="KINDRED_HOME of the shop, kept for the next run")
    parser.add_argument("--products", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--events", type=int, default=10_000_000, help="default: %(default)s")
    parser.add_argument("--requests", type=int, default=200, help="of each list; default: %(default)s")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, synthetic.use_home(arguments.home or Path(temporary)):
        synthetic.prepare(arguments.products, say=print)
        shoppers = max(arguments.events // PER_SHOPPER, 10)
        learn(arguments.products, arguments.events, shoppers)
        print_costs(arguments.products, shoppers, arguments.requests)


def learn(products: int, events: int, shoppers: int) -> None:
    """Make a live version and the events, unless they are there."""
    from django.db import connection
    from django.utils import timezone

    from behaviour.events.event import Event
    from behaviour.versions.version import Version

    asked = {"products": products, "events": events, "shoppers": shoppers}
    if Version.objects.live() and abs(Event.objects.count() - events) < PER_SHOPPER:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE behaviour_event, behaviour_neighbours, behaviour_ranking, behaviour_profile, behaviour_version"
        )
        version = Version.objects.create(name="synthetic", status="live", facts_until=timezone.now(), last_event_id=0)
        for statement in (LEARN, RANK, PROFILE):
            cursor.execute(statement, {**asked, "version": version.pk})
        cursor.execute(
            "SELECT behaviour_make_month(now() - month * interval '1 month') FROM generate_series(0, 10) month"
        )
        for first in range(0, events, CHUNK):
            cursor.execute(DO, {**asked, "first": first, "last": min(first + CHUNK, events)})
        cursor.execute("VACUUM ANALYZE")


def make_lists(products: int, shoppers: int) -> dict[str, Callable[[int], Any]]:
    """Return what to ask, by name; the number says for which product or shopper."""
    from unittest.mock import patch

    from recommendations.requests import Options
    from recommendations.services import recommend
    from recommendations.visitors import Visitor

    def key_of(role: str, text: str) -> Any:
        import hashlib
        from uuid import UUID

        return UUID(hex=hashlib.md5(f"{role}{text}".encode(), usedforsecurity=False).hexdigest())

    patch("behaviour.serving.history.make_key", key_of).start()  # keys here are made in SQL
    sku: Callable[[int], str] = lambda number: f"S{1 + number * 7919 % products}"  # noqa: E731

    def for_anchors(strategy: str, count: int = 1) -> Callable[[int], Any]:
        return lambda number: recommend(strategy, anchors=[sku(number + place) for place in range(count)])

    def for_visitor(strategy: str, **whose: Callable[[int], Any]) -> Callable[[int], Any]:
        def ask(number: int) -> Any:
            visitor = Visitor(**{name: choose(number * 104_729 % shoppers) for name, choose in whose.items()})
            return recommend(strategy, options=Options(visitor=visitor))

        return ask

    return {
        "similar": for_anchors("similar"),
        "bundle": for_anchors("bundle"),
        "bundle of a cart of five": for_anchors("bundle", 5),
        "also_viewed": for_anchors("also_viewed"),
        "personal, by session": for_visitor("personal", session_id=str),
        "personal, by user with a profile": for_visitor("personal", user_id=str),
        "personal, by 20 recent": for_visitor(
            "personal", recent=lambda n: tuple(sku(n + place) for place in range(20))
        ),
        "next": for_visitor("next", session_id=str),
        "again": for_visitor("again", user_id=str),
        "trending": lambda number: recommend("trending"),
        "popular": lambda number: recommend("popular"),
        "popular, in a category": for_anchors("popular"),
        "popular, for a visitor": for_visitor("popular", user_id=str),
    }


def print_costs(products: int, shoppers: int, requests: int) -> None:
    """Lists take turns, so that what else the machine does falls on all alike."""
    costs = measure(make_lists(products, shoppers), range(WARM_UP + requests), warm_up=WARM_UP)
    print(f"{'list':<36}{'p50 ms':>8}{'p95 ms':>8}{'ratio':>7}{'CPU ms':>8}{'ratio':>7}")
    for each in costs.values():
        del each[:WARM_UP]
    clock = median(costs["similar"])
    cpu = median(costs["similar"], "python") + median(costs["similar"], "postgres")
    for name, each in costs.items():
        wall, own = median(each), median(each, "python") + median(each, "postgres")
        print(f"{name:<36}{wall:>8.1f}{percentile(each, 95):>8.1f}{wall / clock:>7.2f}{own:>8.1f}{own / cpu:>7.2f}")


if __name__ == "__main__":
    main()
