"""What it costs to change prices and stocks through POST products/bulk/, and that nothing is encoded for it.

    python benchmarks/price_changes.py [--products 10000] [--rounds 3]

Makes a shop in an embedded Postgres in a temporary directory, with a vector for each product by the packaged encoder:
all is up to date. Each round changes price, list price, stock and address of all, 1,000 a request, as a shop's program
would; beside it one bare UPDATE by executemany, which writes the same columns and checks nothing. "rewritten" are rows
of vectors that are another version afterwards (ctid or xmin), "waiting" is the longest that the queue was.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from bulk_upsert import empty_shop
from rich.console import Console
from rich.table import Table

REQUEST = 1000  # products: the most that one may hold
VECTORS = ("embeddings_productembedding", "embeddings_encodedinput")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=10_000, help="how many change, default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="of each way, default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kindred-prices-") as home, empty_shop(home):
        encoded = fill_shop(options.products)
        before = read_versions()
        waiting, by_request, bare = 0, [], []
        for edition in range(options.rounds):
            rate, longest = change_by_request(options.products, edition=2 * edition + 1)
            by_request.append(rate)
            waiting = max(waiting, longest)
            bare.append(change_by_statement(options.products, edition=2 * edition + 2))
        after = read_versions()
    table = Table("what", "figure")
    ours, theirs = statistics.median(by_request), statistics.median(bare)
    table.add_row("changes/s, POST products/bulk/", f"{ours:,.0f}")
    table.add_row("changes/s, bare UPDATE", f"{theirs:,.0f}")
    table.add_row("bare UPDATE's time, times", f"{theirs / ours:.1f}")
    table.add_row("changes in all", f"{2 * options.rounds * options.products:,}")
    table.add_row("inputs encoded before, after", f"{encoded:,}, {len(after[VECTORS[1]]):,}")
    table.add_row("waiting, at most", f"{waiting:,}")
    table.add_row("vectors rewritten", f"{sum(len(before[name] ^ after[name]) for name in VECTORS):,}")
    Console().print(table)


def fill_shop(count: int) -> int:
    """Make the products and their vectors. Returns how many inputs were encoded."""
    from catalog.models import Product
    from embeddings import services
    from embeddings.models import EncodedInput, PendingEmbedding

    fields = {"price": 1, "currency": "EUR", "stock": 1}
    products = (Product(sku=f"P{number}", title=f"Vase {number}", **fields) for number in range(count))
    Product.objects.bulk_create(products, batch_size=1000)
    while PendingEmbedding.objects.exists():
        services.refresh_pending()
    return EncodedInput.objects.count()


def read_versions() -> dict[str, set[tuple[str, str]]]:
    """Return place and writing transaction of each row of vectors."""
    from django.db import connection

    versions = {}
    with connection.cursor() as cursor:
        for table in VECTORS:
            cursor.execute(f"SELECT ctid::text, xmin::text FROM {table}")  # noqa: S608  # ours
            versions[table] = set(cursor.fetchall())
    return versions


def make_changes(count: int, *, edition: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        price = number % 90 + edition
        yield {
            "sku": f"P{number}",
            "price": f"{price}.50",
            "list_price": f"{price + 5}.00",
            "currency": "EUR",
            "stock": number % 40 + edition,
            "url": f"https://shop.example/{edition}/{number}",
        }


def change_by_request(count: int, *, edition: int) -> tuple[float, int]:
    """Return the changes per second, and the longest that the queue was after a request."""
    from django.test import Client

    from api.models import ApiKey
    from embeddings.models import PendingEmbedding

    client = Client(headers={"X-Api-Key": ApiKey.objects.issue(f"prices {edition}", scope="secret")[1]})
    changes = list(make_changes(count, edition=edition))
    bodies = [json.dumps({"products": changes[start : start + REQUEST]}) for start in range(0, count, REQUEST)]
    elapsed, longest, updated = 0.0, 0, 0
    for body in bodies:
        started = time.perf_counter()
        answer = client.post("/api/v1/products/bulk/", body, content_type="application/json", SERVER_NAME="localhost")
        elapsed += time.perf_counter() - started
        updated += answer.json()["updated"]
        longest = max(longest, PendingEmbedding.objects.count())
    if updated != count:
        raise SystemExit(f"{count - updated} of {count} products were not changed: {answer.content[:500]!r}")
    return count / elapsed, longest


def change_by_statement(count: int, *, edition: int) -> float:
    """Return the changes per second of a bare UPDATE of each product, all in one transaction."""
    from django.db import connection, transaction

    rows = [
        (change["price"], change["list_price"], change["stock"], change["url"], change["sku"])
        for change in make_changes(count, edition=edition)
    ]
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE catalog_product SET price = %s, list_price = %s, stock = %s, url = %s, updated_at = now()"
            " WHERE sku = %s",
            rows,
        )
    return count / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
