"""Filters and options are declared once: each declaration checks Python callers and requests, and is in the schema.

Every declaration is walked, so that one which is added is tested the day it is added.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from rest_framework import serializers

from api.declarations import TextsField, parameters_of
from api.problems import RequestError
from catalog.filters import Filters as ProductFilters
from catalog.filters import MomentField
from catalog.models import Product
from recommendations.requests import Filters, ListRequest, Options
from tests.api.callers import ApiClient, errors
from tests.recommendations.shelf import at_angle, make_space, put

SIMILAR = {**parameters_of(Options), **parameters_of(Filters), **parameters_of(ListRequest)}
del SIMILAR["anchors"]  # in the path
DECLARED = [(kind, name) for kind in (Options, Filters, ListRequest) for name in parameters_of(kind)]


def bad_value(field: serializers.Field) -> object:
    """Return a text that no such field can mean."""
    if isinstance(field, TextsField | serializers.CharField):
        return "a\0b"
    return "9e99" if isinstance(field, serializers.DecimalField) else "?"


@pytest.fixture
def mug(db) -> Product:
    space = make_space()
    put(space, "B", at_angle(10))
    return put(space, "A", at_angle(0))


@pytest.mark.parametrize(("declaration", "name"), DECLARED)
def test_python_callers_are_told_which_value_is_wrong(declaration, name):
    with pytest.raises(RequestError) as refused:
        declaration(**{name: bad_value(parameters_of(declaration)[name])})
    assert refused.value.name == name
    assert len(refused.value.message) > 10


@pytest.mark.parametrize("name", SIMILAR)
def test_requests_are_told_which_value_is_wrong(mug, name):
    told = errors(ApiClient().get("/api/v1/products/A/similar/", {name: bad_value(SIMILAR[name])}))
    assert [field.split(".")[0] for field in told] == [name]


@pytest.mark.parametrize("name", parameters_of(Filters))
def test_the_filters_of_a_placement_are_those_of_similar(mug, name):
    placement = {"id": "p", "anchors": ["A"], "filters": {name: bad_value(SIMILAR[name])}}
    (answer,) = ApiClient().call("POST", "recommendations/", {"placements": [placement]}).json()["placements"]
    assert [error["field"] for error in answer["problem"]["errors"]] == [name]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/api/v1/products/{sku}/similar/", SIMILAR),
        ("/api/v1/products/", parameters_of(ProductFilters)),
        ("/api/v1/search/", parameters_of(Filters)),
        ("/api/v1/search/image/", parameters_of(Filters)),
    ],
)
def test_every_declaration_is_documented_with_its_help(path, names):
    operations = SchemaGenerator().get_schema(request=None, public=True)["paths"][path]
    (operation,) = [operations[method] for method in ("get", "post") if method in operations][:1]
    documented = {parameter["name"]: parameter.get("description", "") for parameter in operation["parameters"]}
    assert {name: documented.get(name) for name in names} == {
        name: str(field.help_text or "") for name, field in names.items()
    }


def test_a_value_comes_in_the_type_of_its_declaration():
    read = Filters.read({"brand": "Halla", "price_min": "1.5", "in_stock": "yes", "exclude": [], "category": " A / B "})
    assert (read.brand, read.price_min, read.in_stock, read.exclude) == (("Halla",), Decimal("1.5"), True, ())
    assert read.category == ("A/B",)
    assert Options(diversity="0.5", exact="true") == Options(diversity=0.5, exact=True)


def test_the_lists_of_products_and_of_recommendations_keep_the_same_products(mug):
    put(make_space(name="other", live=False), "SOLD", None, stock=0, brand="Halla", attributes={"colour": "sage"})
    for query, expected in [
        ("in_stock=false", ["SOLD"]),
        ("brand=Halla&brand=Birk", ["SOLD"]),
        ("attr.colour=sage", ["SOLD"]),
        ("exclude=SOLD,B", ["A"]),
        ("created_since=2020-01-01&in_stock=true", ["A", "B"]),
    ]:
        answer = ApiClient().call("GET", f"products/?{query}").json()
        assert [product["sku"] for product in answer["results"]] == expected, query


class AnyValue(TestCase):
    """Whatever is sent is answered or refused by name; it is never an error of the server."""

    def setUp(self) -> None:
        put(make_space(), "A", at_angle(0))

    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from([*SIMILAR, "attr.x", "attr.a.b", "cursor", "fields", "unknown"]),
        st.text(max_size=60) | st.decimals().map(str) | st.integers().map(str) | st.floats().map(str)
        | st.datetimes().map(str) | st.sampled_from(["1e-999999999", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59Z"]),
    )  # fmt: skip
    def test_no_value_of_a_parameter_is_a_server_error(self, name: str, value: str) -> None:
        path = reverse("api-similar", args=["A"])
        assert self.client.get(path, {name: value}).status_code in (200, 400)
        assert self.client.get(reverse("api-products"), {name: value}).status_code in (200, 400)


def test_a_moment_at_the_edge_of_time_is_refused_or_compared():
    field = MomentField("")
    assert field.run_validation("2026-01-31").isoformat() == "2026-01-31T00:00:00+00:00"
    with pytest.raises(serializers.ValidationError):
        field.run_validation("31.1.2026")


@pytest.mark.parametrize(
    "query",
    ["price_min=1e-999999999", "price_max=1e999999999", "created_since=0001-01-01T00:00:00%2B14:00",
     "created_since=9999-12-31T23:59:59-14:00", "created_since=0000-01-01", "min_similarity=nan", "diversity=-inf"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["products/A/similar/", "products/"])
def test_values_at_the_edges_are_answered_or_refused(mug, path, query):
    assert ApiClient().call("GET", f"{path}?{query}").status_code in (200, 400)


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+00:01"]
)
def test_a_moment_whose_zone_leads_out_of_time_is_refused_by_name(mug, moment):
    for path in ("products/A/similar/", "products/"):
        assert list(errors(ApiClient().get(f"/api/v1/{path}", {"created_since": moment}))) == ["created_since"]
    placement = {"id": "p", "strategy": "recent", "filters": {"created_since": moment}}
    good = {"id": "q", "strategy": "recent"}
    answer = ApiClient().call("POST", "recommendations/", {"placements": [placement, good]}).json()["placements"]
    assert [one["problem"] is None for one in answer] == [False, True]


def test_python_callers_may_give_dates_computed_prices_and_none():
    read = Filters.read({"created_since": date(2026, 3, 1), "price_max": Decimal("15.90") * Decimal("1.123")})
    assert read.created_since == datetime(2026, 3, 1, tzinfo=UTC)
    assert read.price_max == Decimal("17.8557")
    assert Filters(created_since=datetime(2026, 3, 1, 12)).created_since == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert Filters(category=None, price_min=None) == Filters()
    assert Filters.read({"price_max": 15.9 * 1.1}).price_max == Decimal("17.49")
    with pytest.raises(RequestError, match="price_max"):
        Filters(price_max=10**12)


def test_an_attribute_is_compared_as_it_stands_with_its_spaces(mug):
    Product.objects.filter(sku="B").update(attributes={"colour": "navy "})
    found = ApiClient().get("/api/v1/products/", {"attr.colour": "navy "}).json()["results"]
    assert [product["sku"] for product in found] == ["B"]
    assert ApiClient().get("/api/v1/products/", {"attr.colour": "navy"}).json()["results"] == []


ATTRIBUTES = {"colour": "sage", "size:cm": 9, "a\\b": "x:y", "care": ["wash", "dry"]}


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"attr": "colour:sage"}, True),
        ({"attr": "colour:blue"}, False),
        ({"attr": ["colour:blue", "colour:sage"]}, True),
        ({"attr": ["colour:sage", "care:iron"]}, False),
        ({"attr": ["colour:sage", "care:wash"]}, True),
        ({"attr": r"size\:cm:9"}, True),
        ({"attr": "size:cm:9"}, False),
        ({"attr": r"a\\b:x:y"}, True),
        ({"attr": "colour:blue", "attr.colour": "sage"}, True),
        ({"attr": "care:wash", "attr.colour": "blue"}, False),
    ],
)
def test_an_attribute_may_be_named_in_the_value(mug, query, is_found):
    Product.objects.filter(sku="B").update(attributes=ATTRIBUTES)
    client = ApiClient()
    given = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
    placement = {"id": "p", "anchors": ["A"], "filters": query, "fallback": False}
    (answer,) = client.call("POST", "recommendations/", {"placements": [placement]}).json()["placements"]
    lists = [client.get(f"/api/v1/products/{path}", given).json() for path in ("", "A/similar/")] + [answer["list"]]

    assert [[item["sku"] for item in each["results"]] for each in lists] == [["B"] if is_found else []] * 3


@pytest.mark.parametrize(
    "text", ["colour", ":sage", "colour:", "colour\\:sage", "", f"{'n' * 1001}:v", f"n:{'v' * 1001}"]
)
def test_what_names_no_attribute_is_refused(mug, text):
    for path in ("/api/v1/products/", "/api/v1/products/A/similar/"):
        told = errors(ApiClient().get(path, {"attr": ["colour:sage", text]})) if text else {"attr": "blank"}
        assert [name.split(".")[0] for name in told] == ["attr"]


def test_empty_values_among_others_count_as_not_given(mug):
    Product.objects.filter(sku="B").update(brand="Nordlyn")
    assert Filters.read({"brand": ["", "Nordlyn"], "exclude": [""]}) == Filters(brand=("Nordlyn",))
    found = ApiClient().get("/api/v1/products/?brand=Nordlyn&brand=").json()["results"]
    assert [product["sku"] for product in found] == ["B"]


def test_anchors_of_a_placement_are_a_list_of_texts_and_spaces_around_them_do_not_matter(mug):
    def ask(anchors: object) -> dict:
        body = {"placements": [{"id": "p", "anchors": anchors}]}
        return ApiClient().call("POST", "recommendations/", body).json()["placements"][0]

    assert ask([" A\n"])["list"]["anchors"] == ["A"]
    assert [ask(wrong)["problem"]["status"] for wrong in ("A", 5, [True], {"A": 1})] == [400] * 4


def test_an_unknown_filter_is_named_as_it_was_sent():
    with pytest.raises(RequestError) as refused:
        Filters.read({"花": "x"})
    assert refused.value.name == "花"
