"""Each page of a list is found in an index, at any depth: the plan says so, whatever the machine is busy with."""

from __future__ import annotations

import re

import pytest
from django.db.models import Index

from api.pagination import Keyset, read_page
from catalog.models import Product
from catalog.rest.parameters import ORDERS
from tests.factories import ProductFactory
from tests.plans import avoid, fill_shop, read_plans

pytestmark = pytest.mark.django_db

INDEXES = {
    "sku": "catalog_product_sku_key",
    "title": "product_by_title",
    "price": "product_by_price",
    "created_at": "product_by_creation",
    "updated_at": "product_by_change",
}


def cursor_in_the_middle(order: str) -> str:
    keyset = Keyset(order)
    return keyset.encode(keyset.read(Product.objects.all(), start=1_500, stop=1_501)[0])


@pytest.mark.parametrize("order", [sign + name for name in ORDERS for sign in ("", "-")])
def test_a_page_in_the_middle_begins_where_the_index_has_the_cursor(order):
    fill_shop()
    cursor = cursor_in_the_middle(order)

    (plan,) = read_plans(lambda: read_page(Product.objects.all(), order=order, cursor=cursor, size=24))

    direction = " Backward" if order.startswith("-") else ""
    assert f"Index Scan{direction} using {INDEXES[order.removeprefix('-')]} on" in plan
    assert re.search(r"Index Cond: .*[<>]", plan)
    assert "Sort" not in plan
    assert "Filter" not in plan


@pytest.mark.parametrize("order", ["price", "-price"])
def test_what_has_no_value_is_asked_for_only_where_the_rest_ends(order):
    fill_shop()
    keyset = Keyset(order)
    last = keyset.encode(keyset.read(Product.objects.all(), start=2_690, stop=2_691)[0])

    plans = read_plans(lambda: read_page(Product.objects.all(), order=order, cursor=last, size=24))

    assert ["IS NULL" in plan for plan in plans] == [False, True]
    assert all("using product_by_price on" in plan and "Sort" not in plan for plan in plans)


@pytest.mark.parametrize(
    ("order", "whole"), [("price", "CABED"), ("-price", "BACDE"), ("title", "ABCDE"), ("-sku", "EDCBA")]
)
def test_any_stretch_of_a_list_is_that_of_the_whole(order, whole):
    prices = {"A": 2, "B": 3, "C": 1, "D": None, "E": None}
    for sku in "ABCED":
        ProductFactory(sku=sku, title=sku, price=prices[sku])

    stretches = [(start, start + length) for start in range(6) for length in range(1, 4)]
    read = [Keyset(order).read(Product.objects.all(), start=start, stop=stop) for start, stop in stretches]

    assert ["".join(row.sku for row in rows) for rows in read] == [whole[start:stop] for start, stop in stretches]


@pytest.mark.parametrize("order", ["title", "-price", "created_at"])
def test_a_large_category_is_read_along_the_order_and_not_sorted(anyone, order):
    fill_shop()
    avoid("bitmapscan", "sort")
    wanted = f"products/?ordering={order}&page_size=5&category=C1&category=C2"

    page = read_plans(lambda: anyone.call("GET", wanted))[0]

    assert f"using {INDEXES[order.removeprefix('-')]} on" in page
    assert "Sort" not in page


def test_every_order_has_its_index_and_none_has_two():
    ordered = [
        index.fields[0].removeprefix("-") for index in Product._meta.indexes if type(index) is Index and index.fields
    ]
    assert [ordered.count(name) for name in ORDERS if name != "sku"] == [1, 1, 1, 1]
