"""Which products have no picture is kept by the database itself, whoever writes them."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction

from catalog.models import Product, ProductImage, UnpicturedProduct
from tests.factories import ProductFactory, ProductImageFactory


def unpictured() -> set[str]:
    return set(Product.objects.filter(unpictured__isnull=False).values_list("sku", flat=True))


@pytest.fixture
def mug(db) -> Product:
    return ProductFactory(sku="MUG")


def test_a_product_has_no_picture_until_it_is_given_one(mug):
    assert unpictured() == {"MUG"}
    ProductImageFactory(product=mug)
    assert unpictured() == set()


def test_a_product_whose_last_picture_is_removed_has_none(mug):
    first, second = ProductImageFactory(product=mug), ProductImageFactory(product=mug)
    first.delete()
    assert unpictured() == set()
    second.delete()
    assert unpictured() == {"MUG"}


def test_a_picture_that_moves_to_another_product_is_missed_at_the_first(mug):
    picture = ProductImageFactory(product=ProductFactory(sku="BOWL"))
    ProductImage.objects.filter(pk=picture.pk).update(product=mug)
    assert unpictured() == {"BOWL"}


def test_a_product_of_two_pictures_can_spare_one(mug):
    pictures = [ProductImageFactory(product=ProductFactory(sku="BOWL"))]
    pictures.append(ProductImageFactory(product=pictures[0].product))
    ProductImage.objects.filter(pk=pictures[0].pk).update(product=mug)
    assert unpictured() == set()


def test_products_and_pictures_that_are_written_many_at_once_are_told_apart(db):
    made = Product.objects.bulk_create(Product(sku=sku, title=sku) for sku in ("A", "B", "C"))
    ProductImage.objects.bulk_create(
        ProductImage(product=product, file="products/a.webp", sha256="a", width=8, height=8) for product in made[:2]
    )
    assert unpictured() == {"C"}
    ProductImage.objects.filter(product=made[0]).delete()
    assert unpictured() == {"A", "C"}


def test_of_a_product_that_is_deleted_nothing_is_left(mug):
    ProductImageFactory(product=ProductFactory(sku="BOWL"))
    Product.objects.all().delete()
    assert not UnpicturedProduct.objects.exists()


def test_a_table_of_pictures_that_is_emptied_leaves_every_product_without(mug):
    ProductImageFactory(product=ProductFactory(sku="BOWL"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE catalog_productimage CASCADE")
    assert unpictured() == {"BOWL", "MUG"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_remove_the_last_two_pictures_at_once_the_second_knows():
    mug = ProductFactory(sku="MUG")
    first, second = ProductImageFactory(product=mug), ProductImageFactory(product=mug)

    def remove_second() -> None:
        try:
            ProductImage.objects.filter(pk=second.pk).delete()
        finally:
            connections.close_all()

    other = threading.Thread(target=remove_second)
    with transaction.atomic():
        ProductImage.objects.filter(pk=first.pk).delete()
        other.start()
        wait_until_somebody_waits()
    other.join(timeout=60)

    assert unpictured() == {"MUG"}


def wait_until_somebody_waits() -> None:
    """Ask Postgres, which knows; at most 10 s."""
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    pytest.fail("nobody waits for the first")
