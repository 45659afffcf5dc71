"""How long from a save until the product is recommended, and from words to an answer? Alone, and beside a bulk.

    python benchmarks/freshness.py [--saves 50] [--bulk 2000]

Uses the configured database and broker; a worker has to run (`manage.py up`, or `celery -A config worker -P threads`).
Edits the title of one product again and again, and asks for what nobody has asked for before (semantic search, so that
the worker has to encode the words). With --bulk the same once more while the worker embeds so many new products. All of
it is taken back in the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from catalog.models import Product

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TIMEOUT_S = 120.0
BULK = "bulk-of-the-benchmark-"  # what its SKUs begin with
HEAD = f"{'':>24} {'times':>6} {'p50 s':>8} {'p95 s':>8} {'p99 s':>8} {'max s':>8}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=50, help="of the one product, default: %(default)s")
    parser.add_argument("--bulk", type=int, default=0, help="new products to embed beside the second round")
    arguments = parser.parse_args()
    import django

    django.setup()
    from catalog.models import Product

    product = Product.objects.order_by("pk").first()
    if product is None:
        sys.exit("There is no product: run `manage.py up --demo` first.")
    title = product.title
    try:
        measure_save(product, f"{title} (warm-up)")  # the worker may still have to load its encoders
        measure_search()
        print(HEAD)
        show_round("alone", product, title=title, saves=arguments.saves)
        if arguments.bulk:
            add_bulk(arguments.bulk)
            show_round("beside a bulk", product, title=title, saves=arguments.saves)
            print(f"{count_waiting():,} of the {arguments.bulk:,} products of the bulk still wait")
    finally:
        product.title = title
        product.save()
        Product.objects.filter(sku__startswith=BULK).delete()


def show_round(name: str, product: Product, *, title: str, saves: int) -> None:
    """Print how long saves and searches take, which follow each other in turn."""
    saved, searched = [], []
    for number in range(saves):
        searched.append(measure_search())
        saved.append(measure_save(product, f"{title}, edition {number} {name}"))
    for what, seconds in ((f"search {name}", searched), (f"save {name}", saved)):
        quantiles = " ".join(f"{np.percentile(seconds, percent):>8.3f}" for percent in (50, 95, 99, 100))
        print(f"{what:>24} {len(seconds):>6} {quantiles}", flush=True)


def measure_save(product: Product, title: str) -> float:
    """Save under a new title; return the seconds until the live space holds the vector of that title."""
    from embeddings.inputs import read_fingerprints
    from embeddings.models import ProductEmbedding

    product.title = title
    started = time.perf_counter()
    product.save()
    wanted = read_fingerprints([product.pk])[product.pk]
    rows = ProductEmbedding.objects.filter(product=product, space__status="live", modality="fused", fingerprint=wanted)
    while not rows.exists():
        if time.perf_counter() - started > TIMEOUT_S:
            sys.exit("No vector after two minutes: is a worker running?")
        time.sleep(0.005)
    return time.perf_counter() - started


def measure_search() -> float:
    """Search for new words; return the seconds until the answer. Ends the benchmark where no worker encodes them."""
    from django.test import Client

    words = f"blue mug {uuid.uuid4().hex[:8]}"
    started = time.perf_counter()
    answer = Client().get("/api/v1/search/", {"q": words, "mode": "semantic"}, headers={"host": "127.0.0.1"})
    seconds = time.perf_counter() - started
    if answer.status_code != 200 or answer.json()["mode"] != "semantic":
        sys.exit(f"The search was not answered by its meaning: {answer.status_code} {answer.content[:200]!r}")
    return seconds


def add_bulk(count: int) -> None:
    """Save new products whose texts no encoder has seen, and ring for the worker."""
    from catalog.models import Product
    from embeddings.freshness import bell

    run = uuid.uuid4().hex[:8]
    Product.objects.bulk_create(
        Product(
            sku=f"{BULK}{number}",
            title=f"Brass hook {number} of {run}",
            description=f"Hook number {number} of {run}, made to hold coats, bags and towels in halls and bathrooms.",
        )
        for number in range(count)
    )
    bell.ring()


def count_waiting() -> int:
    from embeddings.models import PendingEmbedding

    return PendingEmbedding.objects.filter(product__sku__startswith=BULK).count()


if __name__ == "__main__":
    main()
