"""One rule for each field: imports, REST and the admin take the same values and refuse the same ones."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from django.core.management.base import CommandError

from catalog.admin import ProductImageInline
from catalog.models import Product
from catalog.pictures import checks
from tests.factories import ProductFactory, ProductImageFactory, picture_file

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["import", "put", "bulk", "admin"])
def door(request, shop, folder):
    """A way in: called with the fields of a product, which JSON knows. Says whether the product was taken."""

    def by_import(values: dict) -> None:
        plain = {name: value for name, value in values.items() if name != "translations"}
        wordings = {
            f"{name}_{language}": text
            for language, wording in values.get("translations", {}).items()
            for name, text in wording.items()
        }
        if "attributes" in plain:
            plain["attributes"] = json.dumps(plain["attributes"], ensure_ascii=False).replace("\ud800", "\\ud800")
        with suppress(CommandError):  # no product could be loaded
            folder.load(folder.write_rows(plain | wordings))

    def by_admin(values: dict) -> None:
        admin_client = request.getfixturevalue("admin_client")  # the slowest of them
        texts = {name: json.dumps(values.get(name, {})) for name in ("attributes", "translations")}
        formset = {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0}
        admin_client.post("/admin/catalog/product/add/", {"is_active": "on"} | values | texts | formset)

    doors = {
        "import": by_import,
        "put": lambda values: shop.call("PUT", f"products/{values['sku']}/", values),
        "bulk": lambda values: shop.call("POST", "products/bulk/", {"products": [values]}),
        "admin": by_admin,
    }

    def enter(**values: object) -> bool:
        doors[request.param]({"sku": "A", "title": "Mug", **values})
        return Product.objects.exists()

    return enter


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("title", "Cup &amp;\n <b>saucer</b>", "Cup & saucer"),
        ("description", "<p>One</p><p>Two <b>b</b></p>", "One\nTwo b"),
        ("description", "d" * 100_000, "d" * 100_000),
        ("currency", "eur", "EUR"),
        ("price", "9.9000", Decimal("9.90")),
        ("attributes", {"a": "\\u0000", "é": [1, None]}, {"a": "\\u0000", "é": [1, None]}),
        ("attributes", {"a": "é" * 90_000}, {"a": "é" * 90_000}),
        (
            "translations",
            {"zh": {"title": "<i>杯</i>\n子", "description": "<p>一</p><p>二</p>"}, "de": {"title": ""}},
            {"zh": {"title": "杯 子", "description": "一\n二"}},
        ),
    ],
)
def test_every_door_keeps_a_value_in_the_same_form(door, field, value, kept):
    assert door(**{field: value})
    assert getattr(Product.objects.get(), field) == kept


def nest(levels: int) -> dict:
    value: dict = {"a": 1}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "<p></p>"),
        ("title", "T" * 501),
        ("description", "d" * 100_001),
        ("currency", "E1"),
        ("price", "9.999"),
        ("price", "12345678901"),
        ("price", "-1"),
        ("attributes", ["red"]),
        ("attributes", nest(21)),
        ("attributes", {"a": "x" * 100_000}),
        ("attributes", {"a": "\x00"}),
        ("attributes", {"a\x00": 1}),
        ("attributes", {"a": "\ud800"}),
        ("translations", {"zh": {"title": "T" * 501}}),
        ("translations", {"zh": {"description": "d" * 100_001}}),
    ],
)
def test_every_door_refuses_the_same_values(door, field, value):
    assert not door(**{field: value})


def test_every_door_takes_json_of_twenty_levels(door):
    assert door(attributes=nest(20))


@pytest.mark.parametrize("translations", [[], {"zh": "杯"}, {"zh": {"colour": "红"}}, {"Chinese!": {"title": "杯"}}])
def test_translations_of_another_form_are_refused(shop, admin_client, translations):
    shop.call("PUT", "products/A/", {"title": "a", "translations": translations})
    data = {"sku": "B", "title": "b", "attributes": "{}", "translations": json.dumps(translations)}
    page = admin_client.post("/admin/catalog/product/add/", data | {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0})

    assert list(page.context["adminform"].form.errors) == ["translations"]
    assert not Product.objects.exists()


def test_a_name_that_is_in_an_object_twice_is_refused_by_the_form_as_by_the_api(shop, admin_client):
    text = '{"colour": "red", "colour": "blue"}'
    data = {"sku": "A", "title": "a", "attributes": text, "translations": "{}"}
    page = admin_client.post("/admin/catalog/product/add/", data | {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0})
    body = f'{{"sku": "A", "title": "a", "attributes": {text}}}'.encode()

    assert page.context["adminform"].form.errors == {"attributes": ["'colour' is in one object twice."]}
    assert shop.call("POST", "products/", body).json()["detail"].endswith(": 'colour' is in one object twice.")
    assert not Product.objects.exists()


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, "{broken"])
def test_what_is_no_json_is_refused_by_the_form_and_shown_as_it_was_typed(admin_client, text):
    data = {"sku": "A", "title": "a", "attributes": text, "translations": "{}"}
    page = admin_client.post("/admin/catalog/product/add/", data | {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0})

    assert page.context["adminform"].form.errors == {"attributes": ["Enter a valid JSON."]}
    assert text in page.content.decode()
    assert not Product.objects.exists()


def test_the_form_takes_no_more_pictures_than_the_other_doors(admin_client, monkeypatch):
    monkeypatch.setattr(checks, "MAX_PICTURES", 1)
    monkeypatch.setattr(ProductImageInline, "max_num", 1)
    product = ProductImageFactory().product
    form = {"sku": product.sku, "title": "Mug", "attributes": "{}", "translations": "{}"}
    counts = {"images-TOTAL_FORMS": 2, "images-INITIAL_FORMS": 1, "images-0-id": product.images.get().pk}
    pictures = {"images-0-product": product.pk, "images-0-position": 0, "images-1-position": 1}
    files = {"images-1-file": picture_file("red")}
    change = f"/admin/catalog/product/{product.pk}/change/"

    page = admin_client.post(change, form | counts | pictures | files)
    assert page.context["errors"] == ["Please submit at most 1 form."]
    page = admin_client.post(
        "/admin/catalog/productimage/add/", {"product": product.pk, "position": 1, "file": picture_file("red")}
    )
    assert page.context["adminform"].form.errors == {"product": ["2 pictures: at most 1 for one product."]}
    assert product.images.count() == 1


def test_a_picture_is_not_moved_to_a_product_that_has_its_number_but_can_be_moved_within_it(admin_client, monkeypatch):
    monkeypatch.setattr(checks, "MAX_PICTURES", 1)
    picture, other = ProductImageFactory(), ProductImageFactory()
    change = f"/admin/catalog/productimage/{picture.pk}/change/"

    page = admin_client.post(change, {"product": other.product_id, "position": 0})
    assert page.context["adminform"].form.errors == {"product": ["2 pictures: at most 1 for one product."]}
    assert admin_client.post(change, {"product": picture.product_id, "position": 5}).status_code == 302
    assert other.product.images.get() == other
    assert picture.product.images.get().position == 5


def test_an_emptied_json_field_of_the_form_is_an_empty_object(admin_client):
    product = ProductFactory(sku="A", attributes={"a": 1}, translations={"zh": {"title": "杯"}})
    form = {"sku": "A", "title": "Mug", "attributes": "", "translations": "null"}
    formset = {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0}

    assert admin_client.post(f"/admin/catalog/product/{product.pk}/change/", form | formset).status_code == 302
    product.refresh_from_db()
    assert (product.attributes, product.translations) == ({}, {})
