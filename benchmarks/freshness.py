"""How long from a save until the product is recommended? 50 saves one after the other, through a real worker.

    python benchmarks/freshness.py [--saves 50]

Uses the configured database and broker; a worker has to run (`manage.py up`, or `celery -A config worker -P threads`).
Edits the title of one product again and again, and puts it back in the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from catalog.models import Product

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TIMEOUT_S = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=50)
    saves = parser.parse_args().saves
    import django

    django.setup()
    from catalog.models import Product

    product = Product.objects.order_by("pk").first()
    if product is None:
        sys.exit("There is no product: run `manage.py up --demo` first.")
    title = product.title
    measure(product, f"{title} (warm-up)")  # the worker may still have to load its encoders
    seconds = np.array([measure(product, f"{title}, edition {number}") for number in range(saves)])
    product.title = title
    product.save()
    print(f"{'saves':>6} {'p50 s':>8} {'p95 s':>8} {'max s':>8}")
    print(f"{saves:>6} {np.median(seconds):>8.3f} {np.percentile(seconds, 95):>8.3f} {seconds.max():>8.3f}")


def measure(product: Product, title: str) -> float:
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


if __name__ == "__main__":
    main()
