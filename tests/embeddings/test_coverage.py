"""How much of the catalogue is embedded, as /readyz and the pages say it, and when it stands still."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from api import counts
from api.health import NotReady
from catalog.models import Product
from embeddings import coverage, services
from embeddings.checks import check_queue
from embeddings.models import PendingEmbedding
from tests.embeddings.shop import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


def test_nothing_is_said_where_no_product_waits_for_its_first_vector():
    assert coverage.read_coverage() is None
    product = make_product("A")
    services.refresh_pending()
    assert coverage.read_coverage() is None
    product.title = "Another title"
    product.save()
    assert coverage.read_coverage() is None
    assert check_queue() == ""


def test_what_is_embedded_and_what_there_is_are_counted():
    make_product("A")
    services.refresh_pending()
    Product.objects.bulk_create([Product(sku=sku, title=f"mug {sku}") for sku in "BC"])
    services.refresh_stale()
    assert coverage.read_coverage() == coverage.Coverage(embedded=1, products=3)
    assert check_queue() == "1 of 3 products embedded"


def test_a_product_that_has_nothing_to_encode_is_not_waited_for():
    make_product("EMPTY", title="")
    services.refresh_pending()
    assert coverage.read_coverage() is None


@pytest.mark.django_db(transaction=True)
def test_a_large_catalogue_is_not_counted_but_read_from_statistics(monkeypatch):
    monkeypatch.setattr(counts, "MAX_COUNTED", 2)
    for sku in "ABCD":
        make_product(sku)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")  # or what was written is counted once more after VACUUM
        cursor.execute("VACUUM ANALYZE catalog_product")
        cursor.execute("VACUUM ANALYZE embeddings_pendingembedding")
    assert coverage.count_coverage() == coverage.Coverage(embedded=0, products=4)


def test_the_pages_say_how_far_it_is_in_both_languages(client):
    make_product("A")
    said = "0 of 1 products embedded; the others have no similar products yet."
    assert said in client.get("/").content.decode()
    chinese = client.get("/", headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "1 件商品中已有 0 件生成向量，其余商品暂无相似商品。" in chinese
    client.force_login(User.objects.create_superuser("ann", password="x"))
    assert said in client.get("/admin/").content.decode()
    services.refresh_pending()
    cache.clear()
    assert "embedding-progress" not in client.get("/").content.decode()


def test_products_that_wait_while_others_are_embedded_are_no_standstill():
    make_product("A")
    PendingEmbedding.objects.update(retry_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(NotReady, match=r"waited for 60 minutes .* the worker \(0 of 1 products embedded\)"):
        check_queue()
    coverage.note_movement(1)
    assert check_queue() == "0 of 1 products embedded"


def test_a_batch_that_is_embedded_is_a_movement():
    make_product("A")
    services.refresh_pending()
    assert timezone.now() - cache.get(coverage.MOVED_KEY) < timedelta(minutes=1)
