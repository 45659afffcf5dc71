"""What the form of a rule offers while somebody types the name of a brand, an attribute or a value."""

from __future__ import annotations

import pytest

from catalog.models import Product
from recommendations.curation import names
from recommendations.curation.names import find_attributes, find_brands, find_values

pytestmark = pytest.mark.django_db


def put_brands(*brands: str) -> None:
    Product.objects.bulk_create([Product(sku=f"{n}", title="x", brand=brand) for n, brand in enumerate(brands)])


def put_attributes(*attributes: object) -> None:
    Product.objects.bulk_create([Product(sku=f"{n}", title="x", attributes=one) for n, one in enumerate(attributes)])


def test_brands_that_begin_so_come_first_then_those_that_have_it_in_them():
    put_brands("", "Birk", "Halla", "Halla", "halla home", "New Halla", "HALLA", "100% Wool", "_x")
    assert find_brands("halla") == ["halla home", "HALLA", "Halla", "New Halla"]
    assert find_brands("Hal") == ["Halla", "halla home", "HALLA", "New Halla"]
    assert find_brands("") == ["100% Wool", "Birk", "HALLA", "Halla", "New Halla", "_x", "halla home"]
    assert find_brands("%") == ["100% Wool"]
    assert find_brands("_") == ["_x"]
    assert find_brands("nobody") == []


def test_of_many_brands_a_few_are_offered():
    put_brands(*(f"Brand {number:02}" for number in range(50)))
    assert find_brands("brand") == [f"Brand {number:02}" for number in range(20)]


def test_brands_beyond_those_that_are_looked_at_are_found_by_their_beginning(monkeypatch):
    monkeypatch.setattr(names, "MOST_STEPS", 3)
    put_brands("A", "B", "C", "Zebra")
    assert find_brands("zeb") == ["Zebra"]
    assert find_brands("ebra") == []


def test_attributes_are_offered_the_commonest_first():
    put_attributes({"size": 1}, {"colour": "sage", "size": 2}, {"size colour": 3}, {}, ["no", "object"])
    assert find_attributes("") == ["size", "colour", "size colour"]
    assert find_attributes("COL") == ["colour", "size colour"]


def test_values_are_offered_as_a_rule_takes_them():
    put_attributes(
        {"size": 9.5}, {"size": ["S", "sage"]}, {"size": True}, {"size": "sage"}, {"size": {"deep": 1}},
        {"size": ""}, {"size": None}, {"other": "sagebrush"}, {"size": "x" * 201},
    )  # fmt: skip
    assert find_values("", attribute="size") == ["sage", "9.5", "S", "true"]
    assert find_values("AG", attribute="size") == ["sage"]
    assert find_values("", attribute="nothing") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"of": "brand", "part": "ha"}, ["Halla"]),
        ({"of": "attribute", "part": ""}, ["colour"]),
        ({"of": "value", "part": "s", "attribute": "colour"}, ["sage"]),
        ({"of": "value", "part": "s"}, []),
        ({"of": "password", "part": ""}, []),
        ({"of": "brand", "part": "h\0a"}, ["Halla"]),
        ({}, []),
    ],
)
def test_the_form_asks_for_names_as_json(admin_client, query, expected):
    Product.objects.create(sku="A", title="A", brand="Halla", attributes={"colour": "sage"})
    assert admin_client.get("/admin/rule-names/", query).json() == {"names": expected}


def test_names_are_for_those_who_may_see_rules(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))
    assert client.get("/admin/rule-names/?of=brand").status_code == 403


@pytest.mark.parametrize("model", ["rule", "searchrule"])
def test_the_fields_of_both_forms_say_where_to_ask(admin_client, model):
    page = admin_client.get(f"/admin/recommendations/{model}/add/").content.decode()
    assert 'data-names="/admin/rule-names/" data-of="brand"' in page
    assert "recommendations/rule_names.js" in page
