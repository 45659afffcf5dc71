"""Saves while workers are killed and the broker is restarted: every product ends with the vector of its last text.

A small version of what `python benchmarks/faults.py --soak 20` does to everything that `up` runs.
"""

from __future__ import annotations

import signal
import time

import pytest

from catalog.models import Product
from embeddings.freshness import bell
from embeddings.inputs import read_fingerprints
from embeddings.models import PendingEmbedding, ProductEmbedding
from embeddings.tasks import embed_pending
from tests.embeddings.shop import make_product

PRODUCTS, SAVES = 20, 100
KILLED_AFTER = (SAVES // 3, 2 * SAVES // 3)
SETTLED_WITHIN_S = 400.0  # leases of killed workers run out after a minute

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def count_wrong() -> int:
    """Return how many products have no vector of what they are now."""
    ids = list(Product.objects.values_list("pk", flat=True))
    stored = dict(ProductEmbedding.objects.filter(modality="fused").values_list("product_id", "fingerprint"))
    return sum(stored.get(product_id) != current for product_id, current in read_fingerprints(ids).items())


def test_no_save_is_lost_when_workers_are_killed(start_worker, monkeypatch):
    monkeypatch.setattr(bell, "_broken_until", 0.0)
    products = [make_product(f"P{number:02}") for number in range(PRODUCTS)]
    worker = start_worker()
    for number in range(SAVES):
        product = products[number * 7 % PRODUCTS]
        product.title = f"Oak shelf number {number}"
        product.save()
        if number in KILLED_AFTER:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            worker = start_worker()
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while PendingEmbedding.objects.exists():
        assert time.monotonic() < deadline, list(PendingEmbedding.objects.values())
        embed_pending.delay()  # as beat does every five seconds
        time.sleep(1)
    assert count_wrong() == 0
    assert ProductEmbedding.objects.filter(modality="fused").count() == PRODUCTS
