"""What shoppers of a synthetic catalogue did, any number of events: seeded, straight into the table of events by COPY.

    python benchmarks/shoppers.py --home DIR [--products 100000] [--events 10000000]

Its shape is that of shops. A few products have most of the sales, by Zipf's law in each category; shoppers are few who
come often and many who come once, each with three categories to their taste; an order has one to eight products, half
of them of one category, a third of the two that go with it. Three events in ten are purchases; of the others nine in
ten are page views, and the rest carts and wishes, in sessions that look at one category and what goes with it. A year
passes, with more each month. Three shoppers in four agree to personal recommendations, one to be counted, and a
quarter of all baskets is nobody's.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.synthetic import prepare, use_home

SEED = 11
BATCH = 250_000  # events in memory at once
LAST_DAY = np.datetime64("2026-06-01T00:00:00")
DAYS = 365
TASTES, COMPANIONS = 3, 2
PER_SHOPPER = 60  # events, on average
GUEST_SHARE = 0.25
COLUMNS = (
    "event_key", "type", "sku", "user_key", "session_key", "order_key", "quantity", "price", "currency", "consent",
    "occurred_at", "received_at",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="KINDRED_HOME of the shop; made where missing")
    parser.add_argument("--products", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--events", type=int, default=10_000_000, help="default: %(default)s")
    arguments = parser.parse_args()
    with use_home(arguments.home):
        prepare_shop(arguments.products, arguments.events, say=print)


def prepare_shop(products: int, events: int, *, say: Callable[[str], None]) -> None:
    """Make catalogue and events unless they are there."""
    from django.db import connection

    from behaviour.events.event import Event

    prepare(products, say=say)
    found = Event.objects.order_by().count()
    if not 0.98 * events <= found <= 1.2 * events:  # steps of the benchmarks have added some
        started = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE behaviour_event, behaviour_neighbours, behaviour_ranking, behaviour_profile")
            cursor.execute("TRUNCATE behaviour_version")
            with without_indexes():
                copy_events(Shop.of_database(seed=SEED), events)
                say(f"{events:,} events copied in {time.perf_counter() - started:.0f} s")
            cursor.execute("VACUUM ANALYZE behaviour_event")
        say(f"with their indexes: {time.perf_counter() - started:.0f} s")


@dataclass(frozen=True)
class Shop:
    """Products by category, the most popular first, and which categories go together."""

    rng: np.random.Generator
    skus: np.ndarray  # (products,) of str, in the order of `starts`
    prices: np.ndarray
    starts: np.ndarray  # (categories + 1,): where the products of each begin
    companions: np.ndarray  # (categories, COMPANIONS)

    @classmethod
    def of_database(cls, *, seed: int) -> Shop:
        from catalog.models import Product

        rng = np.random.default_rng(seed)
        rows = list(Product.objects.order_by("pk").values_list("sku", "category_id", "price"))
        order = rng.permutation(len(rows))
        codes = np.unique([row[1] for row in rows], return_inverse=True)[1]
        order = order[np.argsort(codes[order], kind="stable")]
        starts = np.searchsorted(codes[order], np.arange(codes.max() + 2))
        companions = rng.integers(codes.max() + 1, size=(codes.max() + 1, COMPANIONS))
        skus = np.array([rows[place][0] for place in order], dtype=object)
        prices = np.array([float(rows[place][2] or 0) for place in order])
        return cls(rng, skus, prices, starts, companions)

    def draw_products(self, categories: np.ndarray) -> np.ndarray:
        """Return a product of each category (n,): its rank follows Zipf's law."""
        sizes = self.starts[categories + 1] - self.starts[categories]
        ranks = np.floor(np.expm1(self.rng.random(len(categories)) * np.log1p(sizes))).astype(np.int64)
        return self.starts[categories] + np.minimum(ranks, sizes - 1)

    def draw_beside(self, categories: np.ndarray) -> np.ndarray:
        """Return the category of one more product of a basket (n,): the same, one that goes with it, or any."""
        chance = self.rng.random(len(categories))
        companion = self.companions[categories, self.rng.integers(COMPANIONS, size=len(categories))]
        anything = self.rng.integers(len(self.companions), size=len(categories))
        return np.where(chance < 0.5, categories, np.where(chance < 0.85, companion, anything))


def copy_events(shop: Shop, events: int) -> None:
    """COPY the events in the order in which they happened."""
    from django.db import connection

    shoppers = max(events // PER_SHOPPER, 10)
    tastes = shop.rng.integers(len(shop.companions), size=(shoppers, TASTES))
    batches = -(-events // BATCH)
    with connection.cursor() as cursor:
        for batch in range(batches):
            count = min(BATCH, events - batch * BATCH)
            begin, end = (DAYS * np.sqrt((batch + side) / batches) for side in (0, 1))  # more each month
            rows = [*make_baskets(shop, tastes, count=int(0.3 * count), is_order=True, days=(begin, end))]
            rows += make_baskets(shop, tastes, count=count - int(0.3 * count), is_order=False, days=(begin, end))
            rows.sort(key=lambda row: row[-1])
            for month in sorted({row[-1][:7] for row in rows}):
                cursor.execute("SELECT behaviour_make_month(%s::timestamptz)", [f"{month}-01T00:00:00Z"])
            with cursor.copy(f"COPY behaviour_event ({', '.join(COLUMNS)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def make_baskets(
    shop: Shop, tastes: np.ndarray, *, count: int, is_order: bool, days: tuple[float, float]
) -> Iterator[tuple[object, ...]]:
    """Yield `count` events of orders, or of sessions."""
    rng, mean = shop.rng, 2.2 if is_order else 5
    sizes = np.minimum(rng.geometric(1 / mean, size=int(1.5 * count / mean) + 10), 8 if is_order else 20)
    basket = np.repeat(np.arange(len(sizes)), sizes)[:count]
    shoppers = (len(tastes) * rng.random(len(sizes)) ** 2).astype(np.int64)  # the first come often
    theirs = tastes[shoppers, rng.integers(TASTES, size=len(sizes))]
    products = shop.draw_products(shop.draw_beside(theirs[basket]))
    moments = LAST_DAY - (1e6 * 86_400 * (DAYS - rng.uniform(*days, size=len(sizes)))).astype("timedelta64[us]")
    times = np.datetime_as_string(moments[basket], unit="s")
    keys = [f"{number:032x}" for number in rng.integers(2**63, size=len(sizes)).tolist()]
    guests = rng.random(len(sizes)) < GUEST_SHARE
    kinds = np.array(["view", "add_to_cart", "wishlist"])[np.searchsorted([0.9, 0.98], rng.random(len(basket)))]
    event_keys = rng.integers(2**63, size=len(basket)).tolist()
    for place, (one, product) in enumerate(zip(basket.tolist(), products.tolist(), strict=True)):
        shopper = int(shoppers[one])
        yield (
            f"{event_keys[place]:032x}",
            "purchase" if is_order else str(kinds[place]),
            shop.skus[product],
            None if guests[one] else f"{shopper + 1:032x}",
            None if is_order else keys[one],
            keys[one] if is_order else None,
            1,
            shop.prices[product],
            "EUR",
            ("personalisation", "personalisation", "analytics", "personalisation")[shopper % 4],
            f"{times[place]}Z",
            f"{times[place]}Z",
        )


@contextmanager
def without_indexes() -> Iterator[None]:
    """Without the indexes of the table of events that keep no constraint; then they are made again, of each month."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'behaviour_event' AND indexdef !~ 'UNIQUE'"
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in indexes:
            cursor.execute(definition.replace(" ON ONLY ", " ON "))  # else of no month
        cursor.execute("RESET maintenance_work_mem")


if __name__ == "__main__":
    main()
