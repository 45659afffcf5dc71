"""What shops change all day, prices and stocks above all, encodes nothing and rewrites no vector."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
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


CHANGE: dict[str, object] = {
    "price": "9.50", "list_price": "12.00", "currency": "EUR", "stock": 0, "url": "https://shop.example/new",
}  # fmt: skip


def by_patch(request, folder):
    shop = ApiClient(headers={"X-Api-Key": ApiKey.objects.issue("shop", scope="secret")[1]})
    assert shop.call("PATCH", "products/P1/", CHANGE).status_code == 200


def by_form(request, folder):
    product = Product.objects.get(sku="P1")
    form = {"sku": "P1", "title": product.title, "description": product.description, "is_active": "on"} | CHANGE
    form |= {"attributes": json.dumps(product.attributes), "translations": "{}", "images-TOTAL_FORMS": 0}
    path = f"/admin/catalog/product/{product.pk}/change/"
    answer = request.getfixturevalue("admin_client").post(path, form | {"images-INITIAL_FORMS": 0})
    assert answer.status_code == 302, answer.context["adminform"].form.errors


def by_import(request, folder):
    title = Product.objects.get(sku="P1").title
    (folder / "prices.csv").write_text(
        f"sku,title,{','.join(CHANGE)}\nP1,{title},{','.join(map(str, CHANGE.values()))}\n"
    )
    call_command("import_products", str(folder / "prices.csv"), stdout=StringIO(), stderr=StringIO())


def by_json(request, folder):
    title = Product.objects.get(sku="P1").title
    (folder / "prices.jsonl").write_text(json.dumps({"sku": "P1", "title": title} | CHANGE))
    call_command("import_products", str(folder / "prices.jsonl"), format="jsonl", stdout=StringIO(), stderr=StringIO())


def by_feed(request, folder):
    title = Product.objects.get(sku="P1").title
    said = {"id": "P1", "title": title, "link": CHANGE["url"], "availability": "out_of_stock", "price": "12.00 EUR"}
    said["sale_price"] = "9.50 EUR"
    item = "".join(f"<g:{name}>{text}</g:{name}>" for name, text in said.items())
    feed = f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item>{item}</item></channel></rss>'
    (folder / "feed.xml").write_text(feed)
    call_command("import_products", str(folder / "feed.xml"), format="google", stdout=StringIO(), stderr=StringIO())


def by_update(request, folder):
    Product.objects.filter(sku="P1").update(**CHANGE)


@pytest.mark.parametrize("door", [by_patch, by_form, by_import, by_json, by_feed, by_update])
def test_a_price_that_changes_through_any_door_encodes_nothing_and_is_shown_at_once(request, tmp_path, client, door):
    for number in range(3):
        make_product(f"P{number}", price=1, currency="EUR", stock=1)
    services.refresh_pending()
    SweepRequest.objects.all().delete()
    before, address = read_versions(), "/api/v1/products/P0/similar/"
    told = client.get(address).headers["ETag"]

    door(request, tmp_path)

    assert not PendingEmbedding.objects.exists()
    assert not SweepRequest.objects.exists()
    sweep_slice()
    services.refresh_pending()
    assert read_versions() == before
    answer = client.get(address, headers={"If-None-Match": told})
    (shown,) = (result for result in answer.json()["results"] if result["sku"] == "P1")
    assert {name: shown[name] for name in ("price", "list_price", "in_stock", "url")} == {
        "price": "9.50", "list_price": "12.00", "in_stock": False, "url": "https://shop.example/new",
    }  # fmt: skip
    Product.objects.filter(sku="P1").update(is_active=False)
    assert [result["sku"] for result in client.get(address).json()["results"]] == ["P2"]
    assert not PendingEmbedding.objects.exists()
