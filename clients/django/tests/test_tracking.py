"""Which changes are noticed, by what, and what noticing costs the rest of the shop."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from shop.models import Book, Label, Labelling, Offer, Product, Tag

from examples.plain import Products
from kindred_django import configuration, events, tracking
from kindred_django.delivery import deliver_queued
from kindred_django.models import Outgoing
from kindred_django.sources import all_sources

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "warehouse"])


@pytest.fixture
def watch(kindred, monkeypatch):
    """Return a function that changes the source of the shop, and listens anew."""

    def change(**names):
        for name, value in names.items():
            monkeypatch.setattr(Products, name, value)
        tracking.connect()

    yield change
    monkeypatch.undo()
    tracking.connect()


def queued_by(change):
    Outgoing.objects.all().delete()
    change()
    return {row.key for row in Outgoing.objects.all()}


def test_models_that_no_source_shows_are_deleted_as_ever_in_one_statement(kindred):
    Session.objects.bulk_create(
        Session(session_key=f"s{number}", session_data="", expire_date=timezone.now()) for number in range(3)
    )
    with CaptureQueriesContext(connection) as asked:
        Session.objects.all().delete()
    assert [query["sql"].split()[0] for query in asked if "django_session" in query["sql"]] == ["DELETE"]


def test_a_save_costs_one_row(kindred):
    product = Product.objects.create(code="CUP", name="Cup")
    with CaptureQueriesContext(connection) as asked:
        product.save()
    assert [query["sql"].split()[0] for query in asked if "kindred" in query["sql"]] == ["INSERT"]


def test_products_of_what_is_deleted_are_queued_though_nothing_joins_them_afterwards(kindred):
    cup, mug = (Product.objects.create(code=code, name=code) for code in ("CUP", "MUG"))
    blue, new = Tag.objects.create(name="blue"), Label.objects.create(name="new")
    cup.tags.add(blue)
    Labelling.objects.create(product=mug, label=new)
    assert queued_by(blue.delete) == {str(cup.pk)}
    assert queued_by(Label.objects.all().delete) == {str(mug.pk)}


def test_a_relation_that_is_not_in_related_is_missed_neither_by_its_rows_nor_by_what_they_point_to(watch):
    watch(related={})
    cup = Product.objects.create(code="CUP", name="Cup")
    blue, new = Tag.objects.create(name="blue"), Label.objects.create(name="new")
    cup.tags.add(blue)
    assert queued_by(lambda: Labelling.objects.create(product=cup, label=new)) == {str(cup.pk)}
    assert queued_by(lambda: Labelling.objects.get().delete()) == {str(cup.pk)}
    assert queued_by(blue.delete) == {str(cup.pk)}


@pytest.mark.parametrize("of", [Product, Offer, Book])
@pytest.mark.parametrize("saved_as", [Product, Offer, Book])
def test_a_row_is_the_same_product_by_whichever_of_its_classes_it_is_saved(watch, of, saved_as):
    watch(queryset=lambda self: of.objects.all())
    book = Book.objects.create(code="BOOK", name="Book")
    row = saved_as.objects.get(pk=book.pk)
    assert queued_by(row.save) == {str(book.pk)}
    assert queued_by(row.delete) == {str(book.pk)}


def test_a_change_of_another_database_is_queued_after_its_own_commit_and_not_if_that_fails(kindred):
    def save(*, fail):
        with transaction.atomic(using="warehouse"):
            Product.objects.using("warehouse").create(code="CUP", name="Cup")
            assert not Outgoing.objects.exists()
            transaction.set_rollback(fail, using="warehouse")

    assert queued_by(lambda: save(fail=True)) == set()
    assert queued_by(lambda: save(fail=False)) == {str(Product.objects.using("warehouse").get().pk)}


def test_what_was_just_written_is_read_where_it_was_written(kindred, settings):
    settings.DATABASE_ROUTERS = ["test_tracking.ReadsElsewhere"]
    product = Product.objects.create(code="CUP", name="Cup")
    assert [row.code for row in all_sources()["Products"].read([str(product.pk)])] == ["CUP"]
    assert list(all_sources()["Products"].find_keys([str(product.pk)])) == [product.pk]


class ReadsElsewhere:
    def db_for_read(self, model, **hints):
        return "warehouse" if model is Product else None

    def db_for_write(self, model, **hints):
        return "default"


@pytest.mark.parametrize(
    "broken",
    [
        {"related": {"shop.Nothing": "product", "nonsense": "product"}},
        {"queryset": lambda self: 1 / 0},
        {"queryset": lambda self: Product.objects.filter(no_such_column=1)},
    ],
    ids=["related", "an error of the shop", "a column that is not there"],
)
def test_a_source_that_is_broken_fails_no_save_of_anything(watch, broken):
    watch(**broken)
    product = Product.objects.create(code="CUP", name="Cup")
    product.tags.add(Tag.objects.create(name="blue"))
    product.delete()


def test_a_module_of_sources_that_cannot_be_imported_fails_no_save(kindred, override, caplog):
    override(SOURCES=["shop.nowhere.Products"])
    Product.objects.create(code="CUP", name="Cup")
    assert "only kindred_sync will find what changes" in caplog.text


def test_nothing_is_queued_asked_or_shown_while_the_shops_own_tests_run_unless_it_says_so(kindred, settings, rf):
    settings.KINDRED = {name: value for name, value in settings.KINDRED.items() if name != "ENABLED"}
    product = Product.objects.create(code="CUP", name="Cup")
    assert not configuration.is_enabled()
    assert not events.send("view", request=rf.get("/"), product=product)
    assert deliver_queued().seen == Outgoing.objects.count() == len(kindred.asked) == 0


def test_outside_of_tests_it_is_enabled(kindred, settings, monkeypatch):
    settings.KINDRED = {name: value for name, value in settings.KINDRED.items() if name != "ENABLED"}
    monkeypatch.delitem(configuration.sys.modules, "django.test.utils")
    assert configuration.is_enabled()
