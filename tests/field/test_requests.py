"""Requests as they come from the wild, one row of a table each: what is sent, and all that is answered as wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from catalog.models import Product
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
API = "/api/v1/"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One request, and its problem document: status, words of the detail, and code by field."""

    name: str
    path: str
    method: str = "GET"
    body: str | None = None  # of type application/json
    headers: tuple[tuple[str, Any], ...] = ()  # as WSGI names them
    status: int = 400
    detail: str = ""
    errors: tuple[tuple[str, str], ...] = ()


ROWS = [
    Row(name="an unknown sku", path="products/NOPE/", status=404, detail="There is no product 'NOPE'."),
    Row(name="of pictures", path="products/NOPE/images/", status=404, detail="There is no product 'NOPE'."),
    Row(name="of a list", path="products/NOPE/similar/", status=404, detail="There is no product with the SKU NOPE."),
    Row(name="a picture", path="products/A/images/7/", status=404, detail="The product 'A' has no picture 7."),
    Row(
        name="a download",
        path="products/A/images/downloads/7/",
        status=404,
        detail="The product 'A' has no download 7.",
    ),
    Row(
        name="a name that comes twice",
        path="products/",
        method="POST",
        body='{"sku": "B", "title": "Mug", "title": "Cup"}',
        detail="'title' is in one object twice",
    ),
    Row(
        name="a name that comes twice further down",
        path="products/bulk/",
        method="POST",
        body='{"products": [{"sku": "B", "title": "Mug", "attributes": {"a": 1, "a": 2}}]}',
        detail="'a' is in one object twice",
    ),
    Row(
        name="a number that is none to a computer",
        path="products/",
        method="POST",
        body='{"sku": 1e400, "title": "Mug"}',
        detail="1e400 is too large a number",
    ),
    Row(
        name="all that is wrong with a product at once",
        path="products/",
        method="POST",
        body='{"title": "", "price": "free", "currency": "XXZ", "stock": -1, "colour": "red"}',
        errors=(
            ("colour", "unknown_field"),
            ("currency", "invalid"),
            ("price", "invalid"),
            ("sku", "required"),
            ("stock", "min_value"),
            ("title", "blank"),
        ),
    ),
    Row(
        name="all that is wrong with a list at once",
        path="products/A/similar/?limit=0&metric=taxi&price_min=x&color=red",
        errors=(
            ("color", "unknown_parameter"),
            ("limit", "min_value"),
            ("metric", "invalid_choice"),
            ("price_min", "invalid"),
        ),
    ),
    Row(
        name="a name beside the placements",
        path="recommendations/",
        method="POST",
        body='{"placements": [{"id": "cart", "anchors": ["A"]}], "limit": 5}',
        errors=(("limit", "unknown_field"),),
    ),
    Row(
        name="a length that is none",
        path="products/",
        headers=(("CONTENT_LENGTH", "many"),),
        detail="The request is malformed.",
    ),
    Row(
        name="a length below zero",
        path="products/",
        headers=(("CONTENT_LENGTH", "-1"),),
        detail="The request is malformed.",
    ),
    Row(name="a length of 5,000 digits", path="products/", headers=(("CONTENT_LENGTH", "9" * 5000),), status=413),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_request_from_the_wild_is_told_what_is_wrong_with_it(row: Row):
    from api.models import ApiKey

    ProductFactory(sku="A")
    client = Client(headers={"X-Api-Key": ApiKey.objects.issue("shop", scope="secret")[1]})
    answer = client.generic(
        row.method, API + row.path, row.body or "", content_type="application/json", **dict(row.headers)
    )
    document = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (row.status, "application/problem+json")
    assert row.detail in document["detail"]
    assert sorted((error["field"], error["code"]) for error in document.get("errors", [])) == list(row.errors)
    assert list(Product.objects.values_list("sku", flat=True)) == ["A"]


def test_weights_of_no_anchor_are_refused():
    ProductFactory(sku="A")
    sent = {"placements": [{"id": "cart", "anchors": ["A"], "weights": {"A": 1, "B": 2}}]}
    answer = Client().post(f"{API}recommendations/", sent, content_type="application/json").json()
    [error] = answer["placements"][0]["problem"]["errors"]
    assert (error["field"], error["detail"]) == ("weights", "B: no such anchor. Weights are of anchors.")
