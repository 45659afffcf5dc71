"""Products side by side, and light or dark: pages that need no script."""

from __future__ import annotations

import pytest

from catalog.theme import COOKIE
from tests.factories import CategoryFactory, ProductFactory

pytestmark = pytest.mark.django_db


def rows_of(answer) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(str(row.label), row.texts, row.differs) for row in answer.context["rows"]]


def test_properties_are_laid_side_by_side_and_what_differs_is_marked(client):
    mugs = CategoryFactory(name="Mugs")
    ProductFactory(sku="A", title="A", brand="Kumori", category=mugs, price=10, attributes={"colour": "red", "w_cm": 3})
    ProductFactory(sku="B", title="B", brand="Kumori", category=mugs, price=10, attributes={"colour": "blue"})
    answer = client.get("/compare/?sku=B&sku=A")
    assert [column.product.sku for column in answer.context["columns"]] == ["B", "A"]
    assert rows_of(answer) == [
        ("Brand", ("Kumori", "Kumori"), False),
        ("Category", ("Mugs", "Mugs"), False),
        ("Colour", ("blue", "red"), True),
        ("W", ("", "3 cm"), True),
    ]
    page = answer.content.decode()
    assert (
        '<tr class="is-different"><th scope="row">Colour<span class="visually-hidden"> (different)</span></th>' in page
    )
    assert '<tr class="is-same"><th scope="row">Price</th>' in page
    assert 'href="/compare/?sku=A"' in page


def test_a_price_that_differs_is_marked(client):
    ProductFactory(sku="A", price=10)
    ProductFactory(sku="B", price=11)
    assert '<tr class="is-different"><th scope="row">Price' in client.get("/compare/?sku=A&sku=B").content.decode()


def test_three_are_compared_at_most_each_once_and_none_that_is_hidden(client):
    for sku in "ABCDE":
        ProductFactory(sku=sku, is_active=sku != "B")
    answer = client.get("/compare/?sku=A&sku=A&sku=B&sku=NONE&sku=C&sku=D&sku=E&sku=%00")
    assert answer.context["skus"] == ["A", "C", "D"]
    assert answer.context["has_room"] is False


def test_nothing_to_compare_says_where_to_begin(client):
    answer = client.get("/compare/")
    assert answer.status_code == 200
    assert "Nothing is compared yet" in answer.content.decode()


def test_a_page_is_as_light_or_dark_as_was_chosen_and_as_the_device_says_without_a_choice(client):
    assert "data-theme" not in client.get("/").content.decode()
    answer = client.post("/theme/", {"theme": "dark", "next": "/?order=price"})
    assert (answer.status_code, answer["Location"], answer.cookies[COOKIE].value) == (302, "/?order=price", "dark")
    page = client.get("/").content.decode()
    assert '<html lang="en" data-theme="dark">' in page
    assert '<meta name="color-scheme" content="dark">' in page
    client.post("/theme/", {"theme": ""})
    assert "data-theme" not in client.get("/").content.decode()


@pytest.mark.parametrize("said", ["red", '"><script>', "light dark"])
def test_a_cookie_that_is_none_of_ours_chooses_nothing(client, said):
    client.cookies[COOKIE] = said
    assert "data-theme" not in client.get("/").content.decode()


def test_a_choice_leads_to_no_other_site_and_is_made_by_a_form(client):
    for back in ("https://other.example/", "//other.example/", "products/A/"):  # the last would be below /theme/
        assert client.post("/theme/", {"theme": "dark", "next": back})["Location"] == "/"
    assert client.get("/theme/").status_code == 405
