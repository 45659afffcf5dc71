"""The shop's lists stay quick however many products there are: what is counted and read is bounded and indexed."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from api import counts
from catalog import pages
from catalog.models import Product
from catalog.pages import ORDERS, Listing
from tests.factories import ProductFactory
from tests.plans import avoid, fill_shop, read_plans

pytestmark = pytest.mark.django_db

INDEXES = {
    "newest": "product_by_creation",
    "price": "product_by_price",
    "-price": "product_by_price",
    "title": "product_by_title",
}


@pytest.fixture
def few_counted(monkeypatch):
    monkeypatch.setattr(counts, "MAX_COUNTED", 50)
    monkeypatch.setattr(pages, "MAX_COUNTED", 50)
    monkeypatch.setattr(pages, "MANY", 50)
    cache.clear()


def test_a_large_shop_says_about_how_many_and_pages_end_with_a_way_on(client, few_counted):
    fill_shop()

    first, last, beyond = (client.get(f"/?page={number}") for number in (1, 3, 41_000))

    assert "About 3,000 products" in first.content.decode()
    assert "Page 1 of 3" in first.content.decode()
    assert "Pages end after" not in first.content.decode()
    assert "Pages end after 50 products." in last.content.decode()
    assert len(last.context["page"]) == 2
    assert list(beyond.context["page"]) == list(last.context["page"])


def test_a_small_shop_is_counted_exactly(client, few_counted):
    for _ in range(50):
        ProductFactory()

    last = client.get("/?page=3").content.decode()

    assert "50 products" in last
    assert "About" not in last
    assert "Pages end" not in last


def test_the_brands_of_a_large_category_are_those_of_its_newest_products_and_are_kept(client, few_counted):
    fill_shop(100)
    newest = [f"Brand {number}" for number in range(10)]
    assert client.get("/").context["brands"] == newest

    Product.objects.update(brand="Other")

    assert client.get("/").context["brands"] == newest
    assert client.get("/?category=C3").context["brands"] == ["Other"]


@pytest.mark.parametrize("order", ORDERS)
def test_the_last_page_reads_product_numbers_out_of_the_orders_index_alone(order, few_counted):
    fill_shop()

    plans = read_plans(lambda: Listing(order=order, page="3").page_of_products())

    count, numbers = plans[:2]
    assert "Limit" in count
    assert f"using {INDEXES[order]} on" in numbers
    assert "Index Only Scan" in numbers
    assert "Sort" not in numbers


@pytest.mark.parametrize("order", ["newest", "price", "-price"])
@pytest.mark.parametrize("narrowed", [{"category": "C3"}, {"category": "C3", "in_stock": True}, {"brand": "Brand 4"}])
def test_a_filter_is_no_reason_to_sort_what_passes_it(order, narrowed):
    fill_shop()
    avoid("bitmapscan", "sort")

    _, numbers, *_ = read_plans(lambda: Listing(order=order, **narrowed).page_of_products())

    if "category" in narrowed and order != "newest":  # each category's prices, which has only ties to sort
        assert "using product_filters on" in numbers
        assert "Presorted Key: price" in numbers
    else:
        assert f"using {INDEXES[order]} on" in numbers
        assert "Sort" not in numbers


def test_few_products_are_sorted_by_title_rather_than_looked_for_all_along_the_index():
    fill_shop()

    _, numbers, *_ = read_plans(lambda: Listing(order="title", brand="Brand 4").page_of_products())

    assert "using product_by_title" not in numbers
    assert "on product_brand" in numbers


def test_a_category_by_title_is_read_in_the_index():
    fill_shop()
    avoid("bitmapscan", "sort")

    _, numbers, *_ = read_plans(lambda: Listing(order="title", category="C3").page_of_products())

    assert "Index Only Scan using product_by_title" in numbers


def test_brands_are_counted_in_an_index_alone(few_counted):
    fill_shop()
    avoid("bitmapscan", "sort")

    (plan,) = read_plans(lambda: Listing(category="C3").brands())

    assert "Index Only Scan Backward using product_by_creation on" in plan


@pytest.mark.parametrize(("count", "rounded"), [(7, 7), (99, 99), (10_499, 10_000), (981_234, 980_000)])
def test_an_estimate_has_two_digits(count, rounded):
    assert counts.round_count(count) == rounded
