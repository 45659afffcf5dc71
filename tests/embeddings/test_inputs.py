from __future__ import annotations

import pytest
from django.db import connection

from catalog.models import Category, Product, ProductImage
from embeddings.composition import DEFAULT_COMPOSITION, parse_composition
from embeddings.inputs import load_inputs, read_fingerprints
from tests.embeddings.shop import add_picture, make_product, paint

pytestmark = pytest.mark.django_db
PARTS = parse_composition(DEFAULT_COMPOSITION)


def fingerprint(product: Product) -> str:
    return read_fingerprints([product.pk])[product.pk]


def test_inputs_are_texts_pictures_and_fingerprint_in_one_statement(django_assert_num_queries):
    product = make_product("A", title="Mug", colours=["red", "blue"], category="Tableware")
    with django_assert_num_queries(1):
        (inputs,) = load_inputs([product.pk], parts=PARTS)
    assert inputs.texts == ("Mug", None)
    assert [picture.load() for picture in inputs.pictures] == [paint("red"), paint("blue")]
    assert inputs.category_path == "Tableware"
    assert inputs.fingerprint == fingerprint(product)


def test_a_picture_used_twice_is_encoded_once():
    product = make_product("A", colours=["red", "red", "blue"])
    (inputs,) = load_inputs([product.pk], parts=PARTS)
    assert len(inputs.pictures) == 2


def test_what_does_not_go_into_a_vector_leaves_the_fingerprint():
    product = make_product("A", colours=["red"])
    before = fingerprint(product)
    Product.objects.filter(pk=product.pk).update(stock=3, price="9.90", is_active=False, sku="B")
    assert fingerprint(product) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda p: Product.objects.filter(pk=p.pk).update(title="Other"),
        lambda p: Product.objects.filter(pk=p.pk).update(description="Other"),
        lambda p: Product.objects.filter(pk=p.pk).update(brand="Other"),
        lambda p: Product.objects.filter(pk=p.pk).update(collection="Other"),
        lambda p: Product.objects.filter(pk=p.pk).update(attributes={"colour": "red"}),
        lambda p: Product.objects.filter(pk=p.pk).update(translations={"zh": {"title": "杯"}}),
        lambda p: Product.objects.filter(pk=p.pk).update(category=None),
        lambda p: Category.objects.filter(pk=p.category_id).update(path="Renamed"),
        lambda p: add_picture(p, "green", position=2),
        lambda p: p.images.first().delete(),
        lambda p: p.images.filter(position=0).update(position=5),
        lambda p: ProductImage.objects.filter(product=p, position=0).update(sha256="0" * 64),
        lambda p: connection.cursor().execute("UPDATE catalog_product SET title = 'raw' WHERE id = %s", [p.pk]),
    ],
    ids=[
        "title",
        "description",
        "brand",
        "collection",
        "attributes",
        "translations",
        "category",
        "category's path",
        "picture added",
        "picture deleted",
        "pictures reordered",
        "picture changed",
        "raw SQL",
    ],
)
def test_every_change_of_what_is_encoded_changes_the_fingerprint(change):
    product = make_product("A", colours=["red", "blue"], category="Tableware")
    before = fingerprint(product)
    change(product)
    assert fingerprint(product) != before


@pytest.mark.usefixtures("json_of_any_shape")
def test_texts_that_cannot_be_read_are_the_products_own_problem():
    product = make_product("A", translations=["not", "an", "object"])
    parts = parse_composition([{"fields": ["title"], "languages": ["zh"]}])
    (inputs,) = load_inputs([product.pk], parts=parts)
    assert inputs.texts == (None,)
    assert "translations and attributes are JSON objects" in inputs.problem


def test_a_product_that_is_gone_has_no_inputs():
    product = make_product("A")
    pk = product.pk
    product.delete()
    assert load_inputs([pk], parts=PARTS) == []
    assert read_fingerprints([pk]) == {}
