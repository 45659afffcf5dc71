"""What lists can be narrowed by: exact counts of few products, counts of a sample of many, and through the API."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog import facets
from catalog.conditions import in_categories
from catalog.facets import count_facets, round_price
from catalog.models import Category, Product
from tests.plans import fill_shop

pytestmark = pytest.mark.django_db

SHELF = [
    ("M1", "Table/Mugs", "Norr", "10.00", {"material": "stoneware", "colour": "sage"}, ["green"]),
    ("M2", "Table/Mugs", "Norr", "12.00", {"material": ["stoneware", "cork"]}, ["green", "white"]),
    ("P1", "Table/Plates", "Lumen", "20.00", {"material": "glass", "dishwasher": True}, ["white"]),
    ("L1", "Light", "Lumen", "80.00", {"material": "glass", "dishwasher": False}, []),
    ("X1", "Light", "", None, {"code": "x"}, ["red"]),
]

# Of 10, 12, 20 and 80: what costs 20 is in both, as the filters that they stand for would list it.
RANGES = [(None, Decimal(15), 2), (Decimal(15), Decimal(20), 1), (Decimal(20), None, 2)]


@pytest.fixture
def shelf(db):
    for sku, category, brand, price, attributes, colours in SHELF:
        Product.objects.create(
            sku=sku, title=sku, category=Category.objects.get_or_create_path(category), brand=brand,
            price=price and Decimal(price), attributes=attributes, colours=colours,
        )  # fmt: skip


def pairs(values) -> list[tuple[str, int]]:
    return [(one.value, one.count) for one in values]


class TestCounts:
    def test_everything_is_counted_with_the_commonest_first(self, shelf):
        found = count_facets([])
        assert found.is_exact
        assert pairs(found.category) == [("Light", 2), ("Table/Mugs", 2), ("Table/Plates", 1)]
        assert pairs(found.brand) == [("Lumen", 2), ("Norr", 2)]
        assert pairs(found.colour) == [("green", 2), ("white", 2), ("red", 1)]

    def test_a_value_in_a_list_counts_and_yes_and_no_are_said(self, shelf):
        attributes = count_facets([]).attributes
        assert pairs(attributes["material"]) == [("glass", 2), ("stoneware", 2), ("cork", 1)]
        assert [(one.value, one.label) for one in attributes["dishwasher"]] == [("false", "no"), ("true", "yes")]

    def test_an_attribute_with_one_value_narrows_nothing_and_colours_are_a_facet_of_their_own(self, shelf):
        assert list(count_facets([]).attributes) == ["material", "dishwasher"]

    def test_below_a_category_its_children_are_shown(self, shelf):
        found = count_facets([in_categories(["Table"])], below=["Table"])
        assert pairs(found.category) == [("Table/Mugs", 2), ("Table/Plates", 1)]

    def test_prices_come_in_ranges_with_bounds_that_people_say(self, shelf):
        ranges = [(one.low, one.high, one.count) for one in count_facets([]).price]
        assert ranges == RANGES
        for one in count_facets([]).price:
            listed = Product.objects.filter(price__isnull=False)
            listed = listed.filter(price__gte=one.low) if one.low is not None else listed
            listed = listed.filter(price__lte=one.high) if one.high is not None else listed
            assert listed.count() == one.count

    def test_what_is_not_for_sale_is_counted_for_those_alone_who_see_it(self, shelf):
        Product.objects.filter(sku="M1").update(is_active=False)
        assert dict(pairs(count_facets([]).brand)) == {"Lumen": 2, "Norr": 1}
        assert dict(pairs(count_facets([], with_inactive=True).brand)) == {"Lumen": 2, "Norr": 2}

    @pytest.mark.parametrize(("price", "said"), [("0", "0"), ("12.30", "15"), ("99.99", "100"), ("4.01", "4.5")])
    def test_bounds_are_rounded_up(self, price, said):
        assert round_price(Decimal(price)) == Decimal(said)

    def test_of_many_a_sample_is_counted_and_scaled(self, monkeypatch):
        fill_shop(3_000)
        monkeypatch.setattr(facets, "MOST_COUNTED", 20)
        found = count_facets([])
        assert not found.is_exact
        assert {one.value for one in found.brand} <= {f"Brand {number}" for number in range(10)}
        assert 1_000 <= sum(one.count for one in found.brand) <= 9_000

    def test_one_statement_counts_all(self, shelf, django_assert_num_queries):
        with django_assert_num_queries(1):
            count_facets([in_categories(["Table"])])


class TestListOfProducts:
    def test_a_list_is_counted_with_its_filters(self, client, shelf):
        body = client.get("/api/v1/products/", {"facets": "true", "category": "Table", "price_max": "15"}).json()
        assert [product["sku"] for product in body["results"]] == ["M1", "M2"]
        assert body["facets"]["is_exact"] is True
        assert body["facets"]["category"] == [{"value": "Table/Mugs", "label": "Mugs", "count": 2}]
        assert body["facets"]["colour"] == [
            {"value": "green", "label": "Green", "count": 2},
            {"value": "white", "label": "White", "count": 1},
        ]

    def test_the_skus_that_were_asked_for_are_what_is_counted(self, client, shelf):
        body = client.get("/api/v1/products/?facets=true&sku=M1&sku=L1").json()
        assert body["facets"]["brand"] == [
            {"value": "Lumen", "label": "Lumen", "count": 1},
            {"value": "Norr", "label": "Norr", "count": 1},
        ]

    def test_nothing_is_counted_unasked(self, client, shelf):
        assert "facets" not in client.get("/api/v1/products/").json()
