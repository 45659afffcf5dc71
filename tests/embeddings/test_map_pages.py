"""The page of the map, what its script asks for, and boxes that become lists."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from api import heartbeats
from catalog.models import Product
from embeddings.map.box import Box, narrow, read_box
from embeddings.map.services import find_shown, keep_map
from embeddings.models import CatalogueMap, EmbeddingSpace, MapPoint
from tests.embeddings.map_shop import fill, places
from tests.factories import ProductImageFactory
from tests.recommendations.shelf import make_space, put

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/product/"


@pytest.fixture
def space() -> EmbeddingSpace:
    return make_space()


@pytest.fixture
def worker(monkeypatch) -> dict[str, float | None]:
    """How long the worker has been silent."""
    silence: dict[str, float | None] = {"s": 1.0}
    monkeypatch.setattr(heartbeats, "is_shared", lambda: True)
    monkeypatch.setattr(heartbeats, "read_silence_s", lambda name: silence["s"] if name == "behaviour" else 0.0)
    return silence


def put_at(sku: str, x: int, y: int) -> None:
    MapPoint.objects.filter(product__sku=sku, map__is_complete=True).update(x=x, y=y)


def in_box(written: str) -> list[str]:
    box = read_box(written)
    assert box is not None
    return list(narrow(Product.objects.all(), box).order_by("sku").values_list("sku", flat=True))


def said(client: Client) -> list[str]:
    return [notice.text for notice in client.get("/admin/map/").context["status"].notices]


# --- Boxes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "box"),
    [
        ("1,2,3,4", Box(1, 2, 3, 4)),
        ("3,4,1,2", Box(1, 2, 3, 4)),
        ("0,0,99999,7", Box(0, 0, 65535, 7)),
        ("", None),
        ("1,2,3", None),
        ("1,2,3,4,5", None),
        ("-1,2,3,4", None),
        ("1,2,3,1e3", None),
        ("1,2,3,4\n", None),
        ("１,2,3,4", None),
    ],
)
def test_a_box_is_read_or_not(written, box):
    assert read_box(written) == box


def test_what_is_in_a_box_or_on_its_edge_is_listed(space):
    fill(space, count=4)
    keep_map(seconds=10)
    for number, place in enumerate([(100, 100), (200, 200), (201, 150), (150, 99)]):
        put_at(f"P{number:03}", *place)
    assert in_box("100,100,200,200") == ["P000", "P001"]
    assert in_box("0,0,65535,65535") == ["P000", "P001", "P002", "P003"]
    assert in_box("5,5,6,6") == []


def test_a_box_is_looked_up_by_the_index_of_places(space):
    fill(space, count=4)
    keep_map(seconds=10)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_hashjoin = off")
    plan = narrow(Product.objects.all(), Box(1, 1, 2, 2)).explain()
    assert "points_by_place" in plan


def test_without_a_map_no_product_is_in_a_box(space):
    assert in_box("0,0,65535,65535") == []
    EmbeddingSpace.objects.all().delete()
    assert in_box("0,0,65535,65535") == []


def test_a_box_narrows_the_list_of_the_admin_and_goes_with_its_address(space, admin_client):
    fill(space, count=4)
    keep_map(seconds=10)
    put_at("P002", 7, 7)
    page = admin_client.get(LIST, {"map_box": "5,5,9,9"})
    assert [product.sku for product in page.context["cl"].result_list] == ["P002"]
    assert "In the box on the map" in page.content.decode()
    assert "In the box on the map" not in admin_client.get(LIST).content.decode()
    assert admin_client.get(LIST, {"map_box": "nonsense"}).context["cl"].result_count == 0


# --- The page -------------------------------------------------------------------------------------------------------
def test_an_empty_catalogue_has_words_for_it(admin_client, worker):
    assert said(admin_client) == ["There are no products yet. Once there are some, a worker makes the map."]


def test_without_a_live_space_the_page_says_who_makes_one(admin_client, worker):
    fill(make_space(live=False), count=4)
    assert said(admin_client) == ["There is no live space yet: the worker makes one, or `manage.py embed_products`."]


def test_before_there_is_a_map_the_page_says_when_it_comes(space, admin_client, worker):
    fill(space, count=4)
    begins = "The map is not made yet. A worker begins once no product waits to be embedded."
    assert said(admin_client) == [f"{begins} It takes 3 products with vectors at least."]
    made = CatalogueMap.objects.create(space=space, method="umap")
    assert said(admin_client) == ["A worker lays it out within some minutes."]
    made.progress = {"stage": "lay_out", "done": 40, "total": 200}
    made.save()
    assert said(admin_client) == ["A worker lays it out: round 40 of 200."]
    made.progress = {"stage": "place", "done": 40_000, "total": 1_000_000}
    made.save()
    assert said(admin_client) == ["A worker places the products: 40,000 of 1,000,000."]
    assert "data-at-work" in admin_client.get("/admin/map/").content.decode()


@pytest.mark.parametrize("silence", [None, 31.0])
def test_where_no_worker_is_there_the_page_says_so(space, admin_client, worker, silence):
    fill(space, count=4)
    worker["s"] = silence
    assert said(admin_client)[0] == (
        "No worker of the queue “behaviour” is running, so the map is not made. `manage.py up` starts all."
    )
    keep_map(seconds=10)
    assert said(admin_client) == []


def test_a_first_look_a_new_layout_and_a_thinned_map_are_named(space, admin_client, worker):
    fill(space, count=4)
    keep_map(seconds=-1)
    assert said(admin_client)[0].startswith("This is a first look, by two axes. A worker lays it out")
    keep_map(seconds=10)
    assert said(admin_client) == []
    CatalogueMap.objects.update(drawn=3)
    assert said(admin_client) == ["3 of 4 products are drawn, picked by chance. A box lists all of them."]
    CatalogueMap.objects.update(drawn=4)
    CatalogueMap.objects.create(space=space, method="umap")
    assert said(admin_client) == ["The map is laid out anew. A worker lays it out within some minutes."]


def test_the_page_costs_as_many_queries_with_many_products_as_with_few(space, admin_client, django_assert_num_queries):
    fill(space, count=4, category="Table", brand="Nord")
    keep_map(seconds=10)
    admin_client.get("/admin/map/")
    with CaptureQueriesContext(connection) as few:
        admin_client.get("/admin/map/")
    fill(space, count=36, start=4, category="Light", brand="Kumori")
    keep_map(seconds=10)
    with django_assert_num_queries(len(few)):
        assert admin_client.get("/admin/map/").context["shown"].drawn == 40


def test_the_page_writes_nothing(space, admin_client):
    fill(space, count=4)
    admin_client.get("/admin/map/")
    assert not CatalogueMap.objects.exists()


# --- What the script asks for ---------------------------------------------------------------------------------------
def test_points_are_sent_as_they_are_stored_and_kept_by_the_browser(space, admin_client):
    fill(space, count=4)
    keep_map(seconds=10)
    shown = find_shown(space)
    url = reverse("map_points", args=[shown.pk, shown.version])
    packed = admin_client.get(url, headers={"accept-encoding": "gzip, br"})
    assert (packed.content, packed["Content-Encoding"]) == (bytes(shown.points), "gzip")
    assert packed["Cache-Control"] == "private, max-age=31536000, immutable"
    plain = admin_client.get(url)
    assert plain.content == gzip.decompress(bytes(shown.points))
    assert "Content-Encoding" not in plain
    assert admin_client.get(reverse("map_points", args=[shown.pk, 2])).status_code == 404
    assert admin_client.get(reverse("map_picture", args=[shown.pk, 2])).status_code == 404
    picture = admin_client.get(reverse("map_picture", args=[shown.pk, 1]))
    assert (picture["Content-Type"], picture.content) == ("image/png", bytes(shown.picture))


def test_products_are_described_with_picture_and_page(space, admin_client):
    one, two = fill(space, count=2, translations={"de": {"title": "Becher"}})
    image = ProductImageFactory(product=two)
    found = admin_client.get(reverse("map_products"), {"ids": f"{two.pk},{one.pk},999999"})
    assert found.json()["products"] == [
        {"id": one.pk, "sku": "P000", "title": "P000", "picture": "", "url": f"{LIST}{one.pk}/change/"},
        {
            "id": two.pk,
            "sku": "P001",
            "title": "P001",
            "picture": image.sized_url(160),
            "url": f"{LIST}{two.pk}/change/",
        },
    ]
    assert found["Cache-Control"] == "private, max-age=300"


@pytest.mark.parametrize("ids", ["", "x", "1,,2", "-1", "1;2", "1" * 19, "²"])
def test_ids_that_are_none_are_refused(admin_client, ids):
    assert admin_client.get(reverse("map_products"), {"ids": ids}).status_code == 400


def test_no_more_products_are_described_than_a_screen_has(space, admin_client):
    products = fill(space, count=61)
    ids = ",".join(str(product.pk) for product in products)
    assert len(admin_client.get(reverse("map_products"), {"ids": ids}).json()["products"]) == 60


def test_a_product_is_found_by_its_sku_first_and_by_words(space, admin_client):
    fill(space, count=4, brand="Kumori")
    keep_map(seconds=10)
    put(space, "P00", None, brand="Kumori")
    found = admin_client.get(reverse("map_find"), {"q": "P002"}).json()["products"]
    assert [(one["sku"], one["place"]) for one in found] == [("P002", list(places()["P002"]))]
    found = admin_client.get(reverse("map_find"), {"q": "P00"}).json()["products"]
    assert [one["sku"] for one in found] == ["P00", "P000", "P001", "P002", "P003"]
    assert found[0]["place"] is None
    found = admin_client.get(reverse("map_find"), {"q": "kumori"}).json()["products"]
    assert len(found) == 5
    assert admin_client.get(reverse("map_find"), {"q": " \x00"}).json() == {"products": []}


def test_no_more_than_eight_products_are_found(space, admin_client):
    fill(space, count=12)
    assert len(admin_client.get(reverse("map_find"), {"q": "P0"}).json()["products"]) == 8


def test_a_map_that_is_not_complete_is_shown_to_nobody(space, admin_client):
    made = CatalogueMap.objects.create(space=space, method="umap", drawn_at=timezone.now() - timedelta(days=1))
    assert admin_client.get(reverse("map_points", args=[made.pk, 0])).status_code == 404
