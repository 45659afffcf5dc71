"""What lists cost that go by behaviour, beside `similar` in the same run.

    python benchmarks/behaviour_serving.py [--home DIR] [--products 100000] [--events 10000000] [--requests 200]

Uses the shop under --home as it is, where it has a live version: that of benchmarks/behaviour.py has learned from what
its shoppers did. Else it makes one, which is removed afterwards unless --home says where to keep it: the catalogue of
benchmarks/synthetic.py, and straight in the tables 50 neighbours of each kind for each product, two rankings, a profile
for each shopper, and events of 60 products for each. Visitors are drawn from those who are there.
Prints milliseconds through the service, p50 and p95, those of the CPU, and the ratios to those of `similar`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
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
FROM catalog_product p CROSS JOIN unnest(ARRAY['bundle', 'cart', 'viewed', 'personal']) kind
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
DRAWN_FROM = 2_000
SESSIONS = f"""
SELECT key FROM (
    SELECT DISTINCT session_key AS key FROM behaviour_event TABLESAMPLE SYSTEM (2)
    WHERE session_key IS NOT NULL AND consent = 'personalisation'
) drawn ORDER BY uuid_hash(key) LIMIT {DRAWN_FROM}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="KINDRED_HOME of the shop, kept for the next run")
    parser.add_argument("--products", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--events", type=int, default=10_000_000, help="default: %(default)s")
    parser.add_argument("--requests", type=int, default=200, help="of each list; default: %(default)s")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, synthetic.use_home(arguments.home or Path(temporary)):
        synthetic.prepare(arguments.products, say=print)
        learn(arguments.products, arguments.events)
        print_costs(arguments.requests)


def learn(products: int, events: int) -> None:
    """Make a live version and the events, unless there is one."""
    from django.db import connection
    from django.utils import timezone

    from behaviour.events.event import Event
    from behaviour.learners.settings import Settings
    from behaviour.versions.chosen import write_settings
    from behaviour.versions.version import Version

    if Version.objects.live():
        return
    if Event.objects.exists():
        sys.exit("The shop has events and no live version: run benchmarks/behaviour.py on it first.")
    asked = {"products": products, "events": events, "shoppers": max(events // PER_SHOPPER, 10)}
    with connection.cursor() as cursor:
        version = Version.objects.create(
            name="synthetic",
            status="live",
            settings=write_settings(Settings()),  # they say that it has rows for carts
            facts_until=timezone.now(),
            last_event_id=0,
        )
        for statement in (LEARN, RANK, PROFILE):
            cursor.execute(statement, {**asked, "version": version.pk})
        cursor.execute(
            "SELECT behaviour_make_month(now() - month * interval '1 month') FROM generate_series(0, 10) month"
        )
        for first in range(0, events, CHUNK):
            cursor.execute(DO, {**asked, "first": first, "last": min(first + CHUNK, events)})
        cursor.execute("VACUUM ANALYZE")


@dataclass(frozen=True)
class Asked:
    """What lists are asked for: in the order of a hash, so that none is like the one before."""

    skus: list[str]
    users: list[str]  # with a profile
    sessions: list[str]

    @classmethod
    def of_shop(cls) -> Asked:
        from django.db import connection

        def read(statement: str) -> list[str]:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return [str(name) for (name,) in cursor.fetchall()]

        return cls(
            skus=read(f"SELECT sku FROM catalog_product ORDER BY hashint8(id) LIMIT {DRAWN_FROM}"),
            users=read(f"SELECT user_key FROM behaviour_profile ORDER BY uuid_hash(user_key) LIMIT {DRAWN_FROM}"),
            sessions=read(SESSIONS),
        )


def make_lists(asked: Asked) -> dict[str, Callable[[int], Any]]:
    """Return what to ask, by name; the number says for which product or shopper."""
    from unittest.mock import patch
    from uuid import UUID

    from recommendations.requests import Options
    from recommendations.services import recommend
    from recommendations.visitors import Visitor

    patch("behaviour.serving.history.make_key", lambda role, text: UUID(text)).start()  # they are pseudonyms already
    sku: Callable[[int], str] = lambda number: asked.skus[number % len(asked.skus)]  # noqa: E731
    user: Callable[[int], str] = lambda number: asked.users[number % len(asked.users)]  # noqa: E731
    session: Callable[[int], str] = lambda number: asked.sessions[number % len(asked.sessions)]  # noqa: E731

    def for_anchors(strategy: str, count: int = 1) -> Callable[[int], Any]:
        return lambda number: recommend(strategy, anchors=[sku(number + place) for place in range(count)])

    def for_visitor(strategy: str, **whose: Callable[[int], Any]) -> Callable[[int], Any]:
        def ask(number: int) -> Any:
            visitor = Visitor(**{name: choose(number) for name, choose in whose.items()})
            return recommend(strategy, options=Options(visitor=visitor))

        return ask

    return {
        "similar": for_anchors("similar"),
        "bundle": for_anchors("bundle"),
        "bundle of a cart of five": for_anchors("bundle", 5),
        "also_viewed": for_anchors("also_viewed"),
        "personal, by session": for_visitor("personal", session_id=session),
        "personal, by user with a profile": for_visitor("personal", user_id=user),
        "personal, by 20 recent": for_visitor(
            "personal", recent=lambda n: tuple(sku(n + place) for place in range(20))
        ),
        "next": for_visitor("next", session_id=session),
        "again": for_visitor("again", user_id=user),
        "trending": lambda number: recommend("trending"),
        "popular": lambda number: recommend("popular"),
        "popular, in a category": for_anchors("popular"),
        "popular, for a visitor": for_visitor("popular", user_id=user),
    }


def print_costs(requests: int) -> None:
    """Lists take turns, so that what else the machine does falls on all alike."""
    costs = measure(make_lists(Asked.of_shop()), range(WARM_UP + requests), warm_up=WARM_UP)
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
