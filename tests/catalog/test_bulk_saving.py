"""Saving many products at once: few statements, and the same rows as one by one."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog import writing
from catalog.bulk_saving import load_products
from catalog.models import Category, PictureDownload, Product, ProductImage
from catalog.pictures.checks import Picture
from catalog.writing import Outcome, ProductWrite, WriteResult, upsert_products
from tests.catalog.refusals import refuse
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


def picture(name: str) -> Picture:
    return Picture(f"products/{name}.webp", name.rjust(64, "0"), 80, 60)


def write(sku: str, *, pictures: str | None = None, **values: object) -> ProductWrite:
    shown = None if pictures is None else [picture(name) for name in pictures]
    return ProductWrite(values={"sku": sku, "title": f"Title of {sku}", **values}, pictures=shown)


def count_queries(writes: list[ProductWrite]) -> int:
    with CaptureQueriesContext(connection) as queries:
        upsert_products(writes)
    return len(queries)


def test_a_hundred_products_take_as_many_queries_as_two():
    def make(count: int, *, prefix: str, price: int, pictures: str) -> list[ProductWrite]:
        return [
            write(
                f"{prefix}{number}", price=price + number, stock=price, category=f"{prefix}/{number}/{price}",
                attributes={"n": price}, pictures=pictures,
            )
            for number in range(count)
        ]  # fmt: skip

    new = [count_queries(make(count, prefix=f"N{count}-", price=1, pictures="ab")) for count in (2, 100)]
    changed = [count_queries(make(count, prefix=f"N{count}-", price=2, pictures="bca")) for count in (2, 100)]
    less = [count_queries(make(count, prefix=f"N{count}-", price=2, pictures="c")) for count in (2, 100)]

    assert new[0] == new[1] <= 16
    assert changed[0] == changed[1] <= 16
    assert less[0] == less[1] <= 16
    assert ProductImage.objects.count() == Product.objects.count() == 102


def test_a_hundred_products_that_stay_as_they_are_take_one_statement(django_assert_num_queries):
    writes = [write(f"S{number}", category=f"A/{number}", price=Decimal("2.50"), stock=1) for number in range(100)]
    writes += [write(f"N{number}", category=None, attributes={"n": number}) for number in range(100)]
    upsert_products(writes)

    with django_assert_num_queries(3):  # with the transaction's begin and end
        assert {result.outcome for result in upsert_products(writes)} == {Outcome.UNCHANGED}
    gone = [write(f"S{number}", category=empty) for number, empty in enumerate(["", None])]
    assert [result.outcome for result in upsert_products(gone)] == [Outcome.UPDATED] * 2
    assert list(Product.objects.filter(sku__in=["S0", "S1"]).values_list("category")) == [(None,), (None,)]


def test_products_are_found_by_their_skus_in_an_index():
    upsert_products([write(f"S{number}") for number in range(300)])
    with CaptureQueriesContext(connection) as queries:
        load_products(["A", "B"], lock=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_product")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {queries[0]['sql']}")
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert re.search(r"Index Scan (using|on) catalog_product_sku_\w+", plan)
    assert "Index Cond: ((sku)::text = ANY (" in plan


def test_categories_are_made_with_their_ancestors_and_once(django_assert_num_queries):
    Category.objects.get_or_create_path("A/B")
    made = Category.objects.get_or_create_paths(["A/B/C/D", " A /X", "A/B/C", "E", ""])

    assert {path: node and node.path for path, node in made.items()} == {
        "A/B/C/D": "A/B/C/D", " A /X": "A/X", "A/B/C": "A/B/C", "E": "E", "": None,
    }  # fmt: skip
    parents = dict(Category.objects.values_list("path", "parent__path"))
    assert parents == {"A": None, "A/B": "A", "A/B/C": "A/B", "A/B/C/D": "A/B/C", "A/X": "A", "E": None}
    assert made["A/B/C/D"].parent == made["A/B/C"]
    with django_assert_num_queries(1):
        assert Category.objects.get_or_create_paths(["A/X", "E"])["E"] == made["E"]


def test_a_field_that_a_product_does_not_change_keeps_every_digit_beside_one_that_does():
    for sku in "AB":
        ProductFactory(sku=sku, attributes={})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET attributes = '{\"a\": 0.12345678901234567890}' WHERE sku = 'B'")
    assert upsert_products([write("A", attributes={"a": 1}, price=3), write("B", price=4)])

    with connection.cursor() as cursor:
        cursor.execute("SELECT sku, attributes->>'a', price::text FROM catalog_product ORDER BY sku")
        assert cursor.fetchall() == [("A", "1", "3.000"), ("B", "0.12345678901234567890", "4.000")]


@pytest.mark.parametrize("others", [[], ["Y", "Z"]])
def test_a_text_that_is_too_long_for_its_column_is_refused_and_never_cut(others):
    ProductFactory(sku="A", brand="Old")
    writes = [write(sku, brand="b" * 201) for sku in ("A", "X", *others)]

    assert {result.outcome for result in upsert_products(writes)} == {Outcome.REJECTED}
    assert list(Product.objects.values_list("sku", "brand")) == [("A", "Old")]


def test_a_changed_product_says_when_it_was_changed_and_keeps_when_it_was_made():
    made = ProductFactory(sku="A")
    upsert_products([write("A", stock=5)])

    product = Product.objects.get()
    assert product.created_at == made.created_at
    assert product.updated_at > made.updated_at
    assert product.content_hash != made.content_hash


def test_a_picture_that_goes_leaves_the_note_of_its_download(media_directory):
    upsert_products([write("A", pictures="ab")])
    product = Product.objects.get()
    fetched = {"url": "https://p.example/a", "state": PictureDownload.State.DONE, "image": product.images.first()}
    download = PictureDownload.objects.create(product=product, **fetched)
    kept = product.images.last()

    assert [result.outcome for result in upsert_products([write("A", pictures="cb")])] == [Outcome.UPDATED]
    download.refresh_from_db()
    assert download.image is None
    assert [(image.sha256[-1], image.position) for image in product.images.all()] == [("c", 0), ("b", 1)]
    assert product.images.last() == kept


def test_a_bad_product_among_many_costs_a_few_transactions(monkeypatch):
    real_load, tried = writing.load_stored, []

    def load(writes, **options):
        tried.append(len(writes))
        return real_load(writes, **options)

    monkeypatch.setattr(writing, "load_stored", load)
    refuse("S40", code="22003")
    results = upsert_products([write(f"S{number}") for number in range(64)])

    assert [index for index, result in enumerate(results) if result.outcome != Outcome.CREATED] == [40]
    assert len(tried) == 13
    assert Product.objects.count() == 63


def test_new_products_of_known_categories_are_looked_for_inserted_and_queued_and_nothing_else():
    Category.objects.get_or_create_path("A/B")
    writes = [write(f"S{number}", category="A/B") for number in range(50)]
    with CaptureQueriesContext(connection) as queries:
        upsert_products(writes)

    said = [query["sql"].split(" (")[0] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(said) == 4
    assert [sql[:6] for sql in said[:2]] == ["SELECT", "SELECT"]
    assert said[2] == "INSERT INTO catalog_product"
    assert "embeddings_pendingembedding" in said[3]


def test_texts_and_numbers_come_out_of_the_batch_as_they_went_in():
    given = {
        "title": "\"'\\ \x7f 杯 😀 {%s} %(a)s",
        "description": "one\ntwo\t\u2028",
        "attributes": {"a": [1, 1.5, True, None, "\\u0041 ' 杯"], "b": {"c": 12345678901234567890}},
        "translations": {"zh": {"title": "杯"}},
        "price": Decimal("0.001"),
        "stock": None,
        "is_active": False,
    }
    upsert_products([write("A", **given)])
    assert Product.objects.values(*given).get() == given
    changed = given | {"title": "x\\", "price": Decimal("9999999999.999"), "stock": 7, "attributes": {"d": "'"}}
    upsert_products([write("A", **changed)])
    assert Product.objects.values(*given).get() == changed


@pytest.mark.django_db(transaction=True)
def test_a_product_that_is_moved_while_its_row_is_waited_for_is_compared_with_where_it_is_now():
    mugs = Category.objects.get_or_create_path("Mugs")
    product = Product.objects.create(sku="A", title="Mug", category=mugs)

    def take_out_of_its_category() -> list[WriteResult]:
        try:
            return upsert_products([write("A", title="Mug", category="")])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other, transaction.atomic(), connection.cursor() as cursor:
        Product.objects.filter(pk=product.pk).update(category=Category.objects.get_or_create_path("Bowls"))
        writing_it = other.submit(take_out_of_its_category)
        is_waiting = False
        while not is_waiting and not writing_it.done():
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            (is_waiting,) = cursor.fetchone()
    assert (is_waiting, writing_it.result()) == (True, [WriteResult(Outcome.UPDATED)])
    product.refresh_from_db()
    assert product.category is None
