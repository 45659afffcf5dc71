"""Words that no product has any more are forgotten, and no word that one has."""

from __future__ import annotations

import pytest
from django.db import connection

from catalog import title_words
from catalog.models import Product
from catalog.title_words import PRUNE, prune_title_words
from tests.factories import ProductFactory


@pytest.fixture(autouse=True)
def no_words(db, monkeypatch) -> None:
    """And all that are added looked at, however many Postgres has counted before: it does not forget a count that was
    rolled back."""
    monkeypatch.setattr(title_words, "SLICE", 10**9)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_titleword")  # of products that other tests had


def read_words() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM catalog_titleword ORDER BY word")
        return [word for (word,) in cursor.fetchall()]


def test_words_of_deleted_products_and_of_former_titles_go_and_the_others_stay():
    ProductFactory(sku="A", title="Terracotta mug")
    ProductFactory(sku="B", title="Brushed mug")
    ProductFactory(sku="C", title="Woven basket")
    Product.objects.get(sku="A").delete()
    Product.objects.filter(sku="B").update(title="Folding mug")

    assert prune_title_words() == 2
    assert read_words() == ["basket", "folding", "mug", "woven"]


@pytest.mark.parametrize(
    ("title", "translations", "words"),
    [
        ("The mugs of Düsseldorf", {}, ["dusseldorf", "mugs", "the"]),
        ("Mug", {"de": {"title": "Große Schüsseln"}}, ["grosse", "mug", "schusseln"]),
        ("Mug-holder left/right", {}, ["holder", "left/right", "mug", "mug-holder"]),
        ("See example.com/mugs", {}, ["example.com", "example.com/mugs", "see", "/mugs"]),
    ],
)
def test_every_word_of_a_title_that_is_there_stays(title, translations, words):
    ProductFactory(title=title, translations=translations)
    assert prune_title_words() == 0
    assert sorted(read_words()) == sorted(words)


def test_a_word_that_only_descriptions_have_is_no_word_of_a_title():
    product = ProductFactory(title="Terracotta mug", description="Terracotta.")
    Product.objects.filter(pk=product.pk).update(title="Mug")
    prune_title_words()
    assert read_words() == ["mug"]


def test_each_word_is_looked_for_in_the_index_of_words_in_titles():
    Product.objects.bulk_create(Product(sku=f"S{number}", title="Mug") for number in range(3000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_product, catalog_titleword")
    prune_title_words()  # with settings that hold until the transaction ends
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (COSTS OFF) " + PRUNE, {"words": 1})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Bitmap Index Scan on catalog_product_search_title_words" in plan
    assert "Sample Scan on catalog_titleword" in plan
    assert "Seq Scan" not in plan


def test_of_many_words_a_part_is_looked_at(monkeypatch):
    monkeypatch.setattr(title_words, "SLICE", 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_titleword SELECT 'w' || i || repeat('x', 90) FROM generate_series(1, 9000) i"
        )
        cursor.execute("ANALYZE catalog_titleword")
    assert prune_title_words() < 1000
    assert len(read_words()) > 8000


@pytest.mark.django_db(transaction=True)
def test_a_word_that_somebody_is_just_adding_a_title_with_stays():
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO catalog_titleword VALUES ('terracotta')")
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(
                "INSERT INTO catalog_product (sku, title, description, translations, brand, currency, attributes, "
                "variant_group, collection, is_active, created_at, updated_at) "
                "VALUES ('A', 'Terracotta', '', '{}', '', '', '{}', '', '', true, now(), now())"
            )
        assert prune_title_words() == 0
        other.commit()
        assert prune_title_words() == 0
    finally:
        other.close()
    assert read_words() == ["terracotta"]
