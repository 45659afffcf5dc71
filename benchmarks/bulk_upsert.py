"""What it costs to write products in bulk, beside a bare COPY of the same rows and beside saving them one by one.

    python benchmarks/bulk_upsert.py [--products 2000] [--rounds 3]

Makes an empty shop in an embedded Postgres in a temporary directory, which is removed afterwards. Products have texts,
a translation, attributes, a category and a picture. "bulk" is what an import and POST products/bulk/ do; "one by one"
does the same with a save for each product and picture; "COPY" writes the products' own columns and nothing else: no
comparison, no categories, no pictures, no queue. "changed" is another price and stock for all, another title for every
tenth. Rates are medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from catalog.writing import ProductWrite

PROJECT = Path(__file__).resolve().parent.parent
COLUMNS = (
    "sku", "title", "description", "translations", "brand", "price", "currency", "stock", "attributes",
    "variant_group", "collection", "is_active", "created_at", "updated_at",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=2000, help="how many are written, default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="each in an empty shop, default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kindred-bulk-") as home, empty_shop(home):
        rounds = [measure_round(options.products) for _ in range(options.rounds)]
    table = Table("what", "rows/s", "queries per 100 rows", "x COPY's time", "x faster than one by one")
    rates = {what: statistics.median(each[what][0] for each in rounds) for what in rounds[0]}
    for what, rate in rates.items():
        single = rates.get(f"one by one, {what.rpartition(' ')[2]}")
        gain = f"{rate / single:.1f}" if single and what.startswith("bulk") else ""
        table.add_row(what, f"{rate:,.0f}", f"{rounds[0][what][1]:.1f}", f"{rates['COPY'] / rate:.1f}", gain)
    Console().print(table)


@contextmanager
def empty_shop(home: str) -> Iterator[None]:
    """Start Django with servers of its own under `home`."""
    os.environ.update(KINDRED_HOME=home, DJANGO_SETTINGS_MODULE="config.settings", LOG_LEVEL="ERROR")
    sys.path.insert(0, str(PROJECT))
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from config import services

    services.ensure_running()
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        connections.close_all()
        services.release()


def measure_round(count: int) -> dict[str, tuple[float, float]]:
    """Return the rows per second of each way of writing, and its queries for 100 rows. Leaves nothing behind."""
    from catalog.models import Category, Product
    from catalog.writing import upsert_products

    new, changed = make_writes(count), make_writes(count, edition=1)
    figures = {"COPY": measure(lambda: copy_rows(new), rows=count)}
    for way, write in (("bulk", upsert_products), ("one by one", save_one_by_one)):
        Product.objects.all().delete()
        Category.objects.all().delete()
        figures[f"{way}, new"] = measure(lambda write=write: write(new), rows=count)
        figures[f"{way}, unchanged"] = measure(lambda write=write: write(new), rows=count)
        figures[f"{way}, changed"] = measure(lambda write=write: write(changed), rows=count)
    Product.objects.all().delete()
    return figures


def measure(work: Callable[[], object], *, rows: int) -> tuple[float, float]:
    """Return the rows per second, and the queries for 100 rows. Counting costs each way the same for a query."""
    from django.db import connection

    queries = 0

    def count(execute: Callable[..., object], *arguments: object) -> object:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    started = time.perf_counter()
    with connection.execute_wrapper(count):
        work()
    return rows / (time.perf_counter() - started), 100 * queries / rows


def make_writes(count: int, *, edition: int = 0) -> list[ProductWrite]:
    """Return products as a feed has them."""
    from catalog.pictures.checks import Picture
    from catalog.writing import ProductWrite

    return [
        ProductWrite(
            values={
                "sku": f"VAS-{number:06}",
                "title": f"Stoneware vase {number}" + (f", edition {edition}" if number % 10 == 0 else ""),
                "description": f"Vase {number} for single stems, thrown and glazed by hand in a small kiln. " * 5,
                "translations": {"zh": {"title": f"粗陶花瓶 {number}"}},
                "brand": f"Maker {number % 40}",
                "category": f"Decor/Vases {number % 8}/Shape {number % 40}",
                "price": Decimal(1000 + number % 90 + edition) / 100,
                "currency": "EUR",
                "stock": number % 50 + edition,
                "attributes": {"colour": f"glaze {number % 17}", "height_cm": number % 60},
                "variant_group": f"design-{number // 4}",
            },
            pictures=[Picture(f"products/{number}.webp", f"{number:064x}", 800, 800)],
        )
        for number in range(count)
    ]


def save_one_by_one(writes: Sequence[ProductWrite]) -> None:
    """Save each product and each picture by itself, where it would change; as many in a transaction as in bulk."""
    from django.db import transaction

    from catalog.models import Product
    from catalog.pictures.arranging import make_image
    from catalog.writing import CHUNK, Outcome, load_stored, write_product

    for start in range(0, len(writes), CHUNK):
        with transaction.atomic():
            chunk = writes[start : start + CHUNK]
            stored = load_stored(chunk, lock=True)
            for write in chunk:
                product = stored.get(write.sku) or Product()
                if write_product(product, write) == Outcome.CREATED:
                    make_image(product.pk, write.pictures[0], position=0).save()


def copy_rows(writes: Sequence[ProductWrite]) -> None:
    """COPY the products' own columns into their table."""
    from django.db import connection
    from django.utils import timezone

    rest = {"collection": "", "is_active": True, "created_at": timezone.now(), "updated_at": timezone.now()}
    with connection.cursor() as cursor, cursor.copy(f"COPY catalog_product ({', '.join(COLUMNS)}) FROM STDIN") as copy:
        for write in writes:
            row = rest | write.values
            row |= {name: json.dumps(row[name]) for name in ("translations", "attributes")}
            copy.write_row([row[name] for name in COLUMNS])


if __name__ == "__main__":
    main()
