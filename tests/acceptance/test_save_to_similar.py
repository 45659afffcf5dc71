"""A product saved is a product recommended: through a real worker, with the real default encoders."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from catalog.models import Product
from embeddings.freshness import bell
from embeddings.models import PendingEmbedding
from embeddings.tasks import embed_pending, refresh_stale
from recommendations.recommendation_list import EMBEDDING_PENDING, OK
from recommendations.services import similar_products
from tests.embeddings.shop import add_picture, make_product, pending_skus, reason_of

START_S = 90.0  # the first product waits for the encoders to be loaded
SAVE_S = 30.0  # one product; a second where the machine has nothing else to do

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_bell(monkeypatch):
    monkeypatch.setattr(bell, "_broken_until", 0.0)


def wait_until(is_true: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            pytest.fail(f"Not within {seconds} s: {what}")
        time.sleep(0.05)


def similar_skus(sku: str, *, limit: int) -> list[str]:
    return [result.product.sku for result in similar_products(sku, limit=limit).results]


def queue_is_empty() -> bool:
    return not PendingEmbedding.objects.exists()


def test_a_saved_product_is_recommended_by_the_text_and_pictures_it_has_now(start_worker):
    start_worker()
    make_product("MUG", title="Stoneware mug, speckled white", colours=["white"])
    make_product("SOFA", title="Three-seater sofa in grey wool", colours=["grey"])
    assert similar_products("MUG", limit=2).status == EMBEDDING_PENDING
    wait_until(queue_is_empty, seconds=START_S, what="the first two products embedded")

    new = make_product("CUP", title="Stoneware cup, speckled", colours=["white"])
    wait_until(queue_is_empty, seconds=SAVE_S, what="the new product embedded")
    answer = similar_products("MUG", limit=2)
    assert answer.status == OK
    assert similar_skus("MUG", limit=2) == ["CUP", "SOFA"]

    new.title = "Armchair in grey wool, matching our three-seater sofa"
    new.save()
    new.images.all().delete()
    add_picture(new, "grey")
    wait_until(queue_is_empty, seconds=SAVE_S, what="the edited product embedded")
    assert similar_skus("SOFA", limit=2) == ["CUP", "MUG"]

    new.delete()
    assert similar_skus("MUG", limit=2) == ["SOFA"]


def test_what_has_nothing_waits_what_bypassed_the_signals_is_found_and_nothing_is_lost_without_a_worker(start_worker):
    empty = make_product("EMPTY", title="")
    for number in range(5):
        make_product(f"P{number}", title=f"Oak shelf {number}")
    start_worker()
    embed_pending.delay()  # as beat does every five seconds
    wait_until(
        lambda: pending_skus() == ["EMPTY"] and reason_of(empty) != "", seconds=START_S, what="the queue embedded"
    )
    assert set(similar_skus("P0", limit=4)) == {"P1", "P2", "P3", "P4"}
    assert reason_of(empty) == "Nothing to encode: give it a title, a description or a picture."
    add_picture(empty, "red")
    wait_until(queue_is_empty, seconds=SAVE_S, what="the product with its first picture embedded")

    Product.objects.bulk_create([Product(sku="BULK", title="Brass lamp"), Product(sku="MORE", title="Copper lamp")])
    refresh_stale.delay()  # as beat does every minute
    wait_until(lambda: similar_skus("BULK", limit=1) == ["MORE"], seconds=SAVE_S, what="bulk-created products embedded")
