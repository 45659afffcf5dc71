"""What shops change all day, prices and stocks above all, encodes nothing and rewrites no vector."""

from __future__ import annotations

import pytest
from django.db import connection

from api.models import ApiKey
from catalog.models import Product
from embeddings import services
from embeddings.freshness.sweep import sweep_slice
from embeddings.models import PendingEmbedding, SweepRequest
from tests.api.callers import ApiClient
from tests.embeddings.shop import make_product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rings", "encoders")]

COUNT, SERIES = 30, 3
VECTORS = ("embeddings_productembedding", "embeddings_encodedinput")


def read_versions() -> dict[str, list[tuple[str, str]]]:
    """Return where each row of vectors lies and which transaction wrote it: another one, had it been rewritten."""
    versions = {}
    with connection.cursor() as cursor:
        for table in VECTORS:
            cursor.execute(f"SELECT ctid::text, xmin::text FROM {table} ORDER BY ctid")  # ours
            versions[table] = cursor.fetchall()
    return versions


def change(number: int, edition: int) -> dict[str, object]:
    return {
        "sku": f"P{number}",
        "price": f"{number + edition}.50",
        "list_price": f"{number + edition + 5}.00",
        "currency": "EUR",
        "stock": edition * number % 4,
        "url": f"https://shop.example/{edition}/{number}",
        "is_active": (number + edition) % 7 != 0,
    }


def test_a_series_of_price_changes_leaves_every_vector_and_the_queue_as_they_are():
    for number in range(COUNT):
        make_product(f"P{number}", colours=["red"] if number == 0 else [], price=1, currency="EUR", stock=1)
    services.refresh_pending()
    SweepRequest.objects.all().delete()
    before = read_versions()
    assert len(before["embeddings_productembedding"]) == 2 * COUNT + 1  # text and both together, and one picture
    shop = ApiClient(headers={"X-Api-Key": ApiKey.objects.issue("shop", scope="secret")[1]})

    for edition in range(1, SERIES + 1):
        body = {"products": [change(number, edition) for number in range(COUNT)]}
        answer = shop.call("POST", "products/bulk/", body).json()
        assert (answer["updated"], answer["rejected"]) == (COUNT, 0)
        assert not PendingEmbedding.objects.exists()
        assert not SweepRequest.objects.exists()

    sweep_slice()
    assert not PendingEmbedding.objects.exists()
    result = services.refresh_pending()
    assert read_versions() == before, result
    assert Product.objects.get(sku="P5").url == f"https://shop.example/{SERIES}/5"
