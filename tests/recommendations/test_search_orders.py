"""Orders that a visitor chooses for what a search found, and what it can be narrowed by."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Product
from tests.api.callers import errors
from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db
API = "/api/v1/search/"
PRICES = {"A": "30", "B": "10", "C": None, "D": "20"}


@pytest.fixture
def shelf(db):
    space = make_space()
    for age, (sku, price) in enumerate(PRICES.items()):
        put(
            space, sku, at_angle(10 * age), price=price, brand="Norr" if sku in "AB" else "Lumen", category="Table/Mugs"
        )
        Product.objects.filter(sku=sku).update(
            title=f"Mug {'dbca'[age]}", created_at=timezone.now() - timedelta(days=(age * 3) % 4)
        )
    Product.objects.filter(sku="D").update(title="Mug a")
    put(space, "LAMP", at_angle(90), price="5", brand="Lumen", category="Light")


def find(client, **query):
    return client.get(API, {"q": "mug", "mode": "full_text", "fields": "sku", **query})


@pytest.mark.parametrize(
    ("sort", "found"),
    [("price", "BDAC"), ("-price", "ADBC"), ("newest", "ADCB"), ("title", "DBCA")],
)
def test_what_was_found_is_in_the_order_that_was_chosen(client, shelf, sort, found):
    assert "".join(one["sku"] for one in find(client, sort=sort).json()["results"]) == found


@pytest.mark.parametrize(("sort", "found"), [("price", "BDAC"), ("-price", "ADBC"), ("title", "DBCA")])
def test_a_cursor_goes_on_in_that_order(client, shelf, sort, found):
    query, listed = {"sort": sort, "limit": 1}, ""
    while True:
        body = find(client, **query).json()
        listed += "".join(one["sku"] for one in body["results"])
        if not body["next"]:
            break
        query["cursor"] = body["next"]
    assert listed == found


def test_a_cursor_is_of_one_order(client, shelf):
    cursor = find(client, sort="price", limit=1).json()["next"]
    assert errors(find(client, sort="-price", limit=1, cursor=cursor)) == {"cursor": "invalid"}


def test_an_order_that_there_is_not_is_named(client, shelf):
    assert list(errors(find(client, sort="cheapest"))) == ["sort"]


def test_what_was_found_is_counted_and_nothing_else(client, shelf):
    facets = find(client, facets="true").json()["facets"]
    assert facets["is_exact"] is True
    assert facets["category"] == [{"value": "Table/Mugs", "label": "Mugs", "count": 4}]
    assert facets["brand"] == [
        {"value": "Lumen", "label": "Lumen", "count": 2},
        {"value": "Norr", "label": "Norr", "count": 2},
    ]


def test_facets_are_counted_with_the_filters(client, shelf):
    facets = find(client, facets="true", price_max="20").json()["facets"]
    assert [(one["value"], one["count"]) for one in facets["brand"]] == [("Lumen", 1), ("Norr", 1)]


def test_unasked_nothing_is_counted(client, shelf):
    assert find(client).json()["facets"] is None
