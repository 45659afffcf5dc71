"""One rule for writing products: imports, REST and the admin take the same values and refuse the same ones."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DataError, OperationalError, connection
from django.db.models.signals import post_save

from catalog import writing
from catalog.admin import ProductImageInline
from catalog.deadlocks import ATTEMPTS, retry_deadlocks
from catalog.importers import READERS
from catalog.management.commands.import_products import Command
from catalog.models import Category, Product, ProductImage
from catalog.pictures import checks
from catalog.pictures.checks import Picture
from catalog.writing import Outcome, ProductWrite, WriteResult, upsert_products
from tests.api.callers import ApiClient
from tests.factories import ProductFactory, ProductImageFactory, picture_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> ApiClient:
    from api.models import ApiKey

    return ApiClient(headers={"X-Api-Key": ApiKey.objects.issue("shop", scope="secret")[1]})


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


def test_an_emptied_json_field_of_the_form_is_an_empty_object(admin_client):
    product = ProductFactory(sku="A", attributes={"a": 1}, translations={"zh": {"title": "杯"}})
    form = {"sku": "A", "title": "Mug", "attributes": "", "translations": "null"}
    formset = {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0}

    assert admin_client.post(f"/admin/catalog/product/{product.pk}/change/", form | formset).status_code == 302
    product.refresh_from_db()
    assert (product.attributes, product.translations) == ({}, {})


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
