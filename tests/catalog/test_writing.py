"""Writing products: what becomes of each, only what changed is saved, and a failure costs only itself."""

from __future__ import annotations

import threading
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DataError, OperationalError, connection
from django.db.models.signals import post_save

from catalog import writing
from catalog.deadlocks import ATTEMPTS, retry_deadlocks
from catalog.importers import READERS
from catalog.management.commands.import_products import Command
from catalog.models import Category, Product, ProductImage
from catalog.pictures.checks import Picture
from catalog.writing import Outcome, ProductWrite, WriteResult, upsert_products
from tests.factories import ProductFactory, ProductImageFactory

pytestmark = pytest.mark.django_db


def write(sku: str, **values: object) -> ProductWrite:
    return ProductWrite(values={"sku": sku, "title": f"Title of {sku}", **values})


def test_what_became_of_each_is_said_in_order_and_a_dry_run_says_the_same():
    ProductFactory(sku="B", title="Title of B")
    ProductFactory(sku="C", title="Old")
    writes = [write("C"), write("A", category="X/Y"), ProductWrite(values={"sku": "D", "category": "Z"}), write("B")]
    expected = [
        WriteResult(Outcome.UPDATED),
        WriteResult(Outcome.CREATED),
        WriteResult(Outcome.REJECTED, field="title", code="required", reason="this field is required"),
        WriteResult(Outcome.UNCHANGED),
    ]

    assert upsert_products(writes, dry_run=True) == expected
    assert list(Product.objects.values_list("sku", flat=True)) == ["B", "C"]
    assert upsert_products(writes) == expected
    assert list(Product.objects.values_list("sku", "title")) == [(sku, f"Title of {sku}") for sku in "ABC"]
    assert list(Category.objects.values_list("path", flat=True)) == ["X", "X/Y"]


def test_attributes_and_translations_are_laid_over_those_there_are_or_replace_them():
    ProductFactory(sku="A", attributes={"a": 1, "b": 2}, translations={"zh": {"title": "杯", "description": "一"}})
    more = ProductWrite(
        values={"sku": "A"},
        more_attributes={"b": 3},
        more_translations={"zh": {"title": ""}, "de": {"title": "Becher"}},
    )

    assert upsert_products([more]) == [WriteResult(Outcome.UPDATED)]
    product = Product.objects.get()
    assert product.attributes == {"a": 1, "b": 3}
    assert product.translations == {"zh": {"description": "一"}, "de": {"title": "Becher"}}
    assert upsert_products([more]) == [WriteResult(Outcome.UNCHANGED)]
    assert upsert_products([write("A", attributes={}, translations={})]) == [WriteResult(Outcome.UPDATED)]
    product.refresh_from_db()
    assert (product.attributes, product.translations) == ({}, {})


def test_a_picture_that_a_product_has_twice_is_kept_once():
    product = ProductFactory(sku="A")
    first, second = (ProductImageFactory(product=product, colour="red", position=place) for place in (0, 1))
    picture = Picture(first.file.name, first.sha256, first.width, first.height)
    once = ProductWrite(values={"sku": "A"}, pictures=[picture])

    assert first.sha256 == second.sha256
    assert upsert_products([once]) == [WriteResult(Outcome.UPDATED)]
    assert list(ProductImage.objects.values_list("pk", flat=True)) == [first.pk]
    assert upsert_products([once]) == [WriteResult(Outcome.UNCHANGED)]


def test_what_the_database_refuses_costs_only_its_own_item_of_a_bulk(shop, monkeypatch):
    real_save = Product.save

    def save(product, **kwargs):
        if product.sku == "B":
            raise DataError("value out of range\nDETAIL: more")
        return real_save(product, **kwargs)

    monkeypatch.setattr(Product, "save", save)
    items = [{"sku": sku, "title": "Mug"} for sku in "ABC"]
    answer = shop.call("POST", "products/bulk/", {"products": items}).json()

    assert [item["outcome"] for item in answer["results"]] == ["created", "rejected", "created"]
    said = "The database refused it: value out of range."
    assert answer["results"][1]["errors"] == [{"field": "", "code": "refused", "detail": said}]
    assert list(Product.objects.values_list("sku", flat=True)) == ["A", "C"]


@pytest.mark.django_db(transaction=True)
def test_a_product_that_somebody_else_makes_in_between_is_changed_instead(monkeypatch):
    real_load, others = writing.load_stored, ["A"]

    def make_another() -> None:
        try:
            Product.objects.create(sku=others.pop(), title="Theirs")
        finally:
            connection.close()

    def load(writes, **options):
        stored = real_load(writes, **options)
        if others:
            thread = threading.Thread(target=make_another)
            thread.start()
            thread.join()
        return stored

    monkeypatch.setattr(writing, "load_stored", load)

    assert upsert_products([write("A"), write("B")]) == [WriteResult(Outcome.UPDATED), WriteResult(Outcome.CREATED)]
    assert list(Product.objects.values_list("sku", "title")) == [("A", "Title of A"), ("B", "Title of B")]


def test_products_are_locked_in_order_of_their_primary_key():
    for sku in "BCA":
        ProductFactory(sku=sku)
    assert list(writing.load_stored([write(sku) for sku in "ABC"], lock=True)) == ["B", "C", "A"]


def test_new_products_are_made_in_order_of_sku_so_that_two_writers_cannot_wait_for_each_other():
    upsert_products([write("C"), write("A"), write("B")])
    assert list(Product.objects.order_by("pk").values_list("sku", flat=True)) == ["A", "B", "C"]


@pytest.mark.django_db(transaction=True)
def test_nobody_else_changes_a_product_between_the_comparison_and_the_save(monkeypatch):
    """Attributes are laid over those that were read: a change made meanwhile would be lost."""
    product, real_plan, refused = ProductFactory(sku="A", attributes={"a": 1}), writing.make_plan, []

    def plan_while_another_writes(*args):
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT FROM catalog_product WHERE id = %s FOR UPDATE NOWAIT", [product.pk])
        except OperationalError as error:
            refused.append(error.__cause__.sqlstate)
        finally:
            other.close()
        return real_plan(*args)

    monkeypatch.setattr(writing, "make_plan", plan_while_another_writes)
    more = ProductWrite(values={"sku": "A"}, more_attributes={"b": 2})
    assert upsert_products([more]) == [WriteResult(Outcome.UPDATED)]
    assert refused == ["55P03"]  # lock_not_available


class Deadlock(Exception):
    sqlstate = "40P01"


class SerializationFailure(Exception):
    sqlstate = "40001"


@pytest.mark.parametrize(
    ("failures", "cause", "tried", "succeeds"),
    [
        (ATTEMPTS - 1, Deadlock(), ATTEMPTS, True),
        (ATTEMPTS, Deadlock(), ATTEMPTS, False),
        (1, SerializationFailure(), 1, False),
    ],
)
def test_only_deadlocks_are_tried_again_and_not_for_ever(failures, cause, tried, succeeds):
    calls = []

    def transact() -> str:
        calls.append(1)
        if len(calls) <= failures:
            raise OperationalError("undone") from cause
        return "done"

    if succeeds:
        assert retry_deadlocks(transact) == "done"
    else:
        with pytest.raises(OperationalError, match="undone"):
            retry_deadlocks(transact)
    assert len(calls) == tried


@pytest.fixture
def saves():
    """The fields of each save of a product: None for all of them."""
    noted: list = []

    def note(update_fields, **kwargs):
        noted.append(update_fields and sorted(update_fields))

    post_save.connect(note, sender=Product)
    yield noted
    post_save.disconnect(note, sender=Product)


def test_rest_and_admin_save_only_what_changed(shop, admin_client, saves):
    product = ProductFactory(sku="A", title="Old", description="One\nTwo", brand="", price=None, currency="")
    form = {
        "sku": "A", "title": "Old", "description": "One\r\nTwo", "is_active": "on", "attributes": "{}",
        "translations": "", "images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0,
    }  # fmt: skip
    saves.clear()

    shop.call("PATCH", "products/A/", {"title": "Old"})
    admin_client.post(f"/admin/catalog/product/{product.pk}/change/", form)
    assert saves == []
    shop.call("PATCH", "products/A/", {"stock": 3})
    admin_client.post(f"/admin/catalog/product/{product.pk}/change/", form | {"title": "New", "stock": 3})
    assert saves == [["stock", "updated_at"], ["title", "updated_at"]]
    assert Product.objects.values_list("title", "description", "stock").get() == ("New", "One\nTwo", 3)


def test_a_reader_that_is_registered_is_a_format_of_the_command(folder, monkeypatch):
    def read_lines(file, *, report, encoding):
        from catalog.importers.report import SourceRow

        for line, text in enumerate(file.read().decode(encoding).splitlines(), start=1):
            yield SourceRow(line, {"sku": text, "title": text})

    monkeypatch.setitem(READERS, "lines", read_lines)
    path = folder.write("A\nB\n")

    assert Command().create_parser("manage.py", "import_products").parse_args([str(path), "--format", "lines"])
    call_command("import_products", str(path), "--format", "lines", stdout=StringIO())
    assert list(Product.objects.values_list("sku", flat=True)) == ["A", "B"]
