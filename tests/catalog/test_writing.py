"""Writing products: what becomes of each, only what changed is saved, and a failure costs only itself."""

from __future__ import annotations

import json
import threading
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.models import JSONField, Value
from django.db.models.signals import post_save

from catalog import categories, writing
from catalog.deadlocks import ATTEMPTS, retry_deadlocks
from catalog.importers import READERS
from catalog.management.commands.import_products import Command
from catalog.models import Category, Product, ProductImage
from catalog.pictures.checks import Picture
from catalog.writing import Outcome, ProductWrite, WriteResult, upsert_products
from tests.catalog.refusals import refuse
from tests.catalog.row_locks import LOCKED, try_row
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


def test_what_the_database_refuses_costs_only_its_own_item_of_a_bulk(shop):
    refuse("B", code="22003")  # numeric_value_out_of_range
    items = [{"sku": sku, "title": "Mug"} for sku in "ABC"]
    answer = shop.call("POST", "products/bulk/", {"products": items}).json()

    assert [item["outcome"] for item in answer["results"]] == ["created", "rejected", "created"]
    said = "The database refused it: a value is too large or out of range; make it smaller."
    assert answer["results"][1]["errors"] == [{"field": "", "code": "refused", "detail": said}]
    assert list(Product.objects.values_list("sku", flat=True)) == ["A", "C"]


@pytest.fixture
def rival(monkeypatch):
    """Somebody else, who makes the product A right after the first look at what is stored."""
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


@pytest.mark.django_db(transaction=True)
def test_a_product_that_somebody_else_makes_in_between_is_changed_instead(rival):
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
        refused.append(try_row(product.pk))
        return real_plan(*args)

    monkeypatch.setattr(writing, "make_plan", plan_while_another_writes)
    more = ProductWrite(values={"sku": "A"}, more_attributes={"b": 2})
    assert upsert_products([more]) == [WriteResult(Outcome.UPDATED)]
    assert refused == [LOCKED]


@pytest.mark.django_db(transaction=True)
def test_a_sku_that_somebody_else_takes_is_tried_again_also_for_a_single_item(shop, rival):
    answer = shop.call("POST", "products/bulk/", {"products": [{"sku": "A", "title": "Ours"}]}).json()

    assert answer["results"] == [{"index": 0, "sku": "A", "outcome": "updated", "errors": []}]
    assert Product.objects.get().title == "Ours"


def test_an_answer_holds_no_words_of_the_database(shop):
    refuse("A", code="23505")  # unique_violation
    answer = shop.call("POST", "products/bulk/", {"products": [{"sku": "A", "title": "Ours"}]}).json()

    said = "it contradicts what is stored, perhaps what another request has just written; send it again."
    expected = [{"field": "", "code": "refused", "detail": f"The database refused it: {said}"}]
    assert answer["results"][0]["errors"] == expected


HAN = "/".join(
    "".join(chr(0x4E00 + (number * 199 + place) * 17 % 20000) for place in range(199)) for number in range(5)
)


def test_what_no_index_can_hold_costs_only_its_own_item(monkeypatch):
    monkeypatch.setattr(categories, "MAX_PATH_BYTES", 10_000)
    results = upsert_products([write("A"), write("B", category=HAN), write("C")])

    said = "the database refused it: a value is too large or out of range; make it smaller"
    refused = WriteResult(Outcome.REJECTED, code="refused", reason=said)
    assert results == [WriteResult(Outcome.CREATED), refused, WriteResult(Outcome.CREATED)]


def test_a_category_path_that_no_index_can_hold_is_refused_by_name(shop, folder):
    answer = shop.call("POST", "products/bulk/", {"products": [{"sku": "A", "title": "a", "category": HAN}]}).json()
    said = "is too long: at most 200 characters a name and 1000 in all, 2,600 bytes in UTF-8"

    assert answer["results"][0]["errors"] == [{"field": "category", "code": "max_length", "detail": f"It {said}."}]
    outcome = folder.load_text(f"sku,title,category\nA,a,{HAN}\nB,b,{HAN[:700]}\n")
    assert outcome.errors == [f"line 2 (A): category {said}"]
    assert list(Product.objects.values_list("sku", flat=True)) == ["B"]


def test_a_category_is_not_moved_to_where_a_path_below_would_outgrow_the_index(admin_client):
    root = Category.objects.get_or_create_path("A")
    Category.objects.get_or_create_path(f"A/{HAN.rsplit('/', 1)[0]}")
    page = admin_client.post(f"/admin/catalog/category/{root.pk}/change/", {"name": "杯" * 190, "parent": ""})

    said = "A path here would be longer than 1000 characters, or than 2,600 bytes in UTF-8."
    assert page.context["adminform"].form.errors == {"name": [said]}


@pytest.mark.parametrize(
    ("held", "value"), [(1, True), (True, 1), (0, False), (1, 1.0), ([1], [True]), ({"b": 0}, {"b": False})]
)
def test_values_that_only_python_calls_equal_are_stored_by_every_door(shop, folder, admin_client, held, value):
    def stored() -> str:
        return json.dumps(Product.objects.get(pk=product.pk).attributes)

    product = ProductFactory(sku="A", title="Mug")
    new = {"organic": value}
    doors = [
        lambda: shop.call("PATCH", "products/A/", {"attributes": new}),
        lambda: shop.call("POST", "products/bulk/", {"products": [{"sku": "A", "attributes": new}]}),
        lambda: folder.load(folder.write_rows({"sku": "A", "title": "Mug", "attributes": json.dumps(new)})),
        lambda: admin_client.post(
            f"/admin/catalog/product/{product.pk}/change/", form_of("A", attributes=json.dumps(new))
        ),
    ]
    for enter in doors:
        Product.objects.update(attributes={"organic": held})
        enter()
        assert stored() == json.dumps(new)


def form_of(sku: str, **changes: object) -> dict[str, object]:
    formset = {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0}
    return {"sku": sku, "title": "Mug", "is_active": "on", "attributes": "{}", "translations": "{}"} | formset | changes


def test_numbers_that_postgres_spells_otherwise_are_still_the_same():
    for attributes in ({"a": 1e16}, {"a": -0.0}, {"a": 1e-7}, {"a": 1.10}, {"b": 1, "a": 2}):
        sent = write("A", attributes=attributes)
        upsert_products([sent])
        assert upsert_products([sent]) == [WriteResult(Outcome.UNCHANGED)]


@pytest.mark.parametrize("attributes", [[1], "x", None, 5])
@pytest.mark.parametrize("translations", [["zh"], "x", None, {"zh": "杯"}, {"zh": ["杯"]}])
def test_what_cannot_be_merged_counts_as_empty_and_is_replaced(folder, attributes, translations):
    ProductFactory(sku="A")
    Product.objects.update(attributes=Value(attributes, JSONField()), translations=Value(translations, JSONField()))
    outcome = folder.load_text("sku,title,title_zh,colour\nA,Mug,杯,red\nB,Bowl,碗,blue\n")

    assert outcome.summary.endswith("Created 1, changed 1, unchanged 0, rejected 0.")
    product = Product.objects.get(sku="A")
    assert (product.attributes, product.translations) == ({"colour": "red"}, {"zh": {"title": "杯"}})


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
