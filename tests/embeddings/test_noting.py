"""What a worker notes on a product beside its vectors: its colours, and the words that only Python can make."""

from __future__ import annotations

import io

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from PIL import Image

from catalog.models import Category, Product, ProductImage
from embeddings.freshness import noting
from embeddings.freshness.refresh import refresh_products
from embeddings.freshness.staleness import find_stale
from embeddings.freshness.sweep import sweep_all
from embeddings.models import PendingEmbedding, PictureColours
from embeddings.services import refresh_pending
from embeddings.spaces.lifecycle import ensure_live_space
from tests.fakes import fake_encoders

pytestmark = pytest.mark.django_db


@pytest.fixture
def space():
    with fake_encoders():
        yield ensure_live_space()


def add(sku: str = "A", *, colour: str = "", picture: str = "", **fields) -> Product:
    attributes = {"colour": colour} if colour else {}
    product = Product.objects.create(**{"sku": sku, "title": "Thing", "attributes": attributes, **fields})
    if picture:
        file = io.BytesIO()
        image = Image.new("RGB", (80, 80), "white")
        image.paste(picture, (20, 20, 60, 60))
        image.save(file, "PNG")
        ProductImage.objects.create(product=product, file=ContentFile(file.getvalue(), name="a.png"))
    return product


def note(product: Product) -> Product:
    refresh_products(ensure_live_space(), [product.pk])
    product.refresh_from_db()
    return product


def search_words(product: Product) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_words FROM catalog_product WHERE id = %s", [product.pk])
        return str(cursor.fetchone()[0])


def test_colours_are_those_of_the_attribute_else_of_the_title_else_of_the_pictures(space):
    assert note(add("A", colour="navy", title="White mug", picture="#b01e22")).colours == ["blue"]
    assert note(add("B", title="White mug", picture="#b01e22")).colours == ["white"]
    pictured = note(add("C", picture="#b01e22"))
    assert (pictured.colours, list(pictured.picture_colours)) == (["red"], ["red"])
    assert note(add("D")).colours == []


def test_a_translated_title_says_a_colour_as_well(space):
    assert note(add(translations={"zh": {"title": "藏蓝色马克杯"}})).colours == ["blue"]


def test_an_attribute_that_changes_reaches_the_colours(space):
    product = add(colour="navy")
    refresh_pending()
    Product.objects.filter(pk=product.pk).update(attributes={"colour": "sage"})
    refresh_pending()
    product.refresh_from_db()
    assert product.colours == ["green"]


def test_a_category_and_chinese_words_are_found_and_follow_a_new_name(space):
    category = Category.objects.get_or_create_path("Tableware/Mugs")
    product = note(add(category=category, translations={"zh": {"title": "哈拉马克杯"}}))
    assert search_words(product).split()[:2] == ["Tableware", "Mugs"]
    assert "马克杯" in search_words(product).split()
    category.name = "Beakers"
    category.save()
    sweep_all()
    refresh_pending()
    assert search_words(product).split()[:2] == ["Tableware", "Beakers"]


def test_noting_neither_queues_a_product_nor_counts_as_a_change_of_it(space):
    product = add(colour="navy")
    PendingEmbedding.objects.all().delete()
    before = product.updated_at
    assert note(product).colours == ["blue"]
    assert product.updated_at == before
    assert not PendingEmbedding.objects.exists()


def test_what_was_never_noted_is_found_by_the_sweep(space):
    product = note(add(colour="navy"))
    assert not find_stale(space).exists()
    Product.objects.update(noted="", colours=[])  # as a shop of an earlier version has it
    PendingEmbedding.objects.all().delete()
    assert sweep_all() == 1
    refresh_pending()
    product.refresh_from_db()
    assert product.colours == ["blue"]


def test_a_picture_is_looked_at_once_however_many_products_share_it(space, monkeypatch):
    seen: list[str] = []
    look_at = noting.look_at
    monkeypatch.setattr(noting, "look_at", lambda picture: seen.append(picture.sha256) or look_at(picture))
    first, second = add("A", picture="#274e92"), add("B", picture="#274e92")
    note(first)
    assert note(second).colours == ["blue"]
    assert len(seen) == PictureColours.objects.count() == 1


def test_a_picture_that_cannot_be_read_has_no_colours_and_harms_nothing(space):
    product = add(picture="#274e92")
    product.images.get().file.storage.delete(product.images.get().file.name)
    assert note(product).colours == []
    assert not PictureColours.objects.exists()  # it may be there again
