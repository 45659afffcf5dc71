"""What Postgres itself writes down of a change, whichever way it comes: who waits, and when all are looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from catalog.models import Category, Product, ProductAudio, ProductImage
from embeddings.models import EmbeddingSpace, PendingEmbedding, PlaceholderPicture, SweepRequest
from tests.embeddings.shop import add_picture, make_product, pending_skus, rename
from tests.factories import ProductAudioFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rings")]


def execute(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def shop() -> None:
    """Two products in a category, A with two pictures and B with a sound; none waits, and no sweep was asked for."""
    for sku, colours in (("A", ["red", "blue"]), ("B", [])):
        make_product(sku, colours=colours, category="Mugs", stock=3, price=2)
    ProductAudioFactory(product=Product.objects.get(sku="B"))
    EmbeddingSpace.objects.create(name="before", status="retired")
    EmbeddingSpace.objects.create(name="live", status="live")
    forget()


def forget() -> None:
    PendingEmbedding.objects.all().delete()
    SweepRequest.objects.all().delete()


def make_other_space_live() -> None:
    EmbeddingSpace.objects.filter(status="live")._raw_delete(EmbeddingSpace.objects.db)
    EmbeddingSpace.objects.create(name="first", status="live")


def copy_product(sku: str) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY catalog_product ({COLUMNS}) FROM STDIN") as rows:
        rows.write_row((sku, "copied", "", "{}", "", "{}", "", "", "", True, "2026-01-01", "2026-01-01"))


COLUMNS = (
    "sku, title, description, translations, brand, attributes, variant_group, collection, currency, is_active, "
    "created_at, updated_at"
)
INSERT = f"INSERT INTO catalog_product ({COLUMNS}) SELECT %s, title, description, translations, brand, attributes, "
INSERT += "variant_group, collection, currency, is_active, created_at, updated_at FROM catalog_product WHERE sku = 'A'"


@pytest.mark.parametrize(
    ("change", "waiting"),
    [
        (lambda: execute("UPDATE catalog_product SET title = 'raw' WHERE sku = 'A'"), ["A"]),
        (lambda: execute("UPDATE catalog_product SET description = 'raw'"), ["A", "B"]),
        (lambda: execute("UPDATE catalog_product SET attributes = '{\"a\": 1}' WHERE sku = 'B'"), ["B"]),
        (lambda: Product.objects.filter(sku="A").update(collection="Spring"), ["A"]),
        (lambda: Product.objects.filter(sku="A").update(category=None), ["A"]),
        (lambda: Product.objects.filter(sku="A").update(variant_group="G"), ["A"]),
        (lambda: Category.objects.all().delete(), ["A", "B"]),
        (lambda: rename(Product.objects.get(sku="B")), ["B"]),
        (lambda: Product.objects.bulk_create([Product(sku="C"), Product(sku="D")]), ["C", "D"]),
        (lambda: execute(INSERT, "C"), ["C"]),
        (lambda: execute(f"{INSERT} ON CONFLICT (sku) DO UPDATE SET brand = 'new'", "A"), ["A"]),
        (lambda: execute(f"{INSERT} ON CONFLICT (sku) DO UPDATE SET stock = 9", "A"), []),
        (lambda: copy_product("C"), ["C"]),
        (lambda: execute("DELETE FROM catalog_productimage"), ["A"]),
        (lambda: execute("UPDATE catalog_productimage SET position = 1 - position"), ["A"]),
        (lambda: ProductImage.objects.filter(position=0).update(sha256="f" * 64), ["A"]),
        (lambda: ProductImage.objects.update(product=Product.objects.get(sku="B")), ["A", "B"]),
        (lambda: add_picture(Product.objects.get(sku="B"), "red"), ["B"]),
        (lambda: ProductImage.objects.first().delete(), ["A"]),
        (lambda: Product.objects.get(sku="A").delete(), []),
        (lambda: Product.objects.update(price=9, stock=0, is_active=False, url="https://shop.example"), []),
        (lambda: Product.objects.get(sku="A").save(), []),
        (lambda: ProductImage.objects.first().save(), []),
        (lambda: execute("DELETE FROM catalog_productaudio"), ["B"]),
        (lambda: ProductAudio.objects.update(position=3), ["B"]),
        (lambda: ProductAudio.objects.update(product=Product.objects.get(sku="A")), ["A", "B"]),
        (lambda: ProductAudio.objects.update(seconds=9, source_url="https://shop.example/a.mp3"), []),
        (lambda: ProductAudioFactory(product=Product.objects.get(sku="A")), ["A"]),
        (lambda: ProductImage.objects.update(width=9, source_url="https://shop.example/a.png"), []),
    ],
)
def test_products_wait_when_what_is_encoded_of_them_has_changed_and_no_others(
    shop, change: Callable[[], object], waiting
):
    change()
    assert pending_skus() == waiting
    assert not SweepRequest.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda: Category.objects.update(path="Cups"),
        lambda: EmbeddingSpace.objects.filter(name="live").update(category_text_weights={"Mugs": 0.2}),
        lambda: EmbeddingSpace.objects.filter(status="live").update(status="retired"),
        make_other_space_live,
        lambda: EmbeddingSpace.objects.filter(name="before").delete(),
        lambda: PlaceholderPicture.objects.create(sha256="f" * 64),
        lambda: execute("TRUNCATE catalog_productimage CASCADE"),
        lambda: execute("TRUNCATE embeddings_productembedding"),
    ],
    ids=[
        "category moved",
        "dial turned",
        "space retired",
        "space live",
        "space dropped",
        "placeholder",
        "no pictures",
        "no vectors",
    ],
)
def test_what_concerns_many_asks_for_a_sweep_with_one_row(shop, change: Callable[[], object]):
    execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit would keep a table from being truncated
    change()
    assert SweepRequest.objects.count() == 1
    assert pending_skus() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda: Category.objects.get().save(),
        lambda: Category.objects.create(name="Bowls"),
        lambda: EmbeddingSpace.objects.update(progress={"stage": "fuse"}, fitted_on=7),
        lambda: EmbeddingSpace.objects.create(name="second"),
    ],
    ids=["category saved", "category made", "progress of a build", "space made"],
)
def test_what_changes_no_vector_asks_for_nothing(shop, change: Callable[[], object]):
    change()
    assert not SweepRequest.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda: Product.objects.update(title="other"),
        lambda: add_picture(Product.objects.get(), "blue", position=1),
        lambda: ProductImage.objects.get().delete(),
    ],
    ids=["product", "picture added", "picture deleted"],
)
def test_a_change_raises_the_generation_and_ends_the_lease(change: Callable[[], object]):
    make_product("A", colours=["red"])
    (lease,) = PendingEmbedding.objects.lease(limit=1)
    change()
    (again,) = PendingEmbedding.objects.lease(limit=1)
    assert (again.generation, again.attempts) == (lease.generation + 1, 1)


def test_who_may_write_products_needs_no_right_to_the_queue():
    execute_rights = "SELECT proname FROM pg_proc WHERE prorettype = 'trigger'::regtype AND proname LIKE 'kindred%'"
    execute_rights += " AND proname <> 'kindred_keep_view_records'"  # which writes nothing
    with connection.cursor() as cursor:
        cursor.execute(execute_rights)
        every = {row[0] for row in cursor.fetchall()}
        cursor.execute(f"{execute_rights} AND prosecdef")
        assert {row[0] for row in cursor.fetchall()} == every
    assert "kindred_product_changed" in every


def test_what_queues_a_product_is_not_planned_for_each_row_of_a_change():
    with connection.cursor() as cursor:
        cursor.execute("SELECT proconfig FROM pg_proc WHERE proname = 'kindred_queue_products'")
        assert cursor.fetchall() == [(["plan_cache_mode=force_generic_plan"],)]
