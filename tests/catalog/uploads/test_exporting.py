"""An export is read back to the same products, and no spreadsheet runs what is in it."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from catalog.models import Category, Export, Product
from catalog.pictures.writes import add_picture
from catalog.uploads.exporting import NOT_NARROWED, make_small_file
from catalog.uploads.running import run_export
from catalog.uploads.steering import request_export
from catalog.uploads.storage import PRODUCTS, find_file
from tests.catalog.uploads.test_undoing import snapshot
from tests.catalog.uploads.upload_desk import counts
from tests.factories import ProductFactory, picture_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf() -> list[Product]:
    """Products with all that an export has to bring back."""
    products = [
        ProductFactory(
            sku='A,"1"',
            title='=HYPERLINK("http://evil")',
            description="Use <b> with care.\n- one & two < 3",
            brand="'47",
            category=Category.objects.get_or_create_path("Home/Lamps & Light"),
            price=Decimal("1.255"),
            list_price=Decimal("1234.500"),
            currency="KWD",
            stock=0,
            attributes={"colour": "=red", "n": [1, 2.5, None], "deep": {"a": "ü"}},
            translations={"zh": {"title": "＝灯"}, "de": {"title": "+Lampe", "description": "Zeile\nZeile"}},
            variant_group="-lamp",
            collection="@home",
            url="https://shop.example/a",
        ),
        ProductFactory(sku="00123", title="+1", description="", brand="", price=None, currency="", is_active=False),
        ProductFactory(sku="-2", title="'quoted'", price=Decimal("12.500"), currency="EUR", stock=1000),
    ]
    add_picture(products[0], source=picture_bytes("red"), source_url="https://shop.example/red.png")
    add_picture(products[0], source=picture_bytes("blue"))
    return products


def pictures() -> list[tuple]:
    return list(Product.objects.order_by("pk").values_list("sku", "images__sha256", "images__source_url"))


def test_what_was_exported_changes_nothing_when_it_is_imported(desk, shelf):
    text = make_small_file(Product.objects.all())
    before = snapshot(), pictures()
    loaded = desk.import_text(text)
    assert (counts(loaded), loaded.warnings) == ((0, 0, 3, 0), [])
    assert (snapshot(), pictures()) == before


def test_the_command_reads_it_back_to_the_same_products_where_there_are_none(folder, shelf):
    text = make_small_file(Product.objects.all())
    fields = ("sku", "title", "description", "brand", "category__path", "price", "list_price", "currency", "stock")
    fields += ("attributes", "translations", "variant_group", "collection", "url", "is_active")
    before = list(Product.objects.values_list(*fields))
    Product.objects.all().delete()
    outcome = folder.load_text(text)
    assert outcome.summary == "Created 3, changed 0, unchanged 0, rejected 0."
    assert list(Product.objects.values_list(*fields)) == before


def test_no_cell_begins_as_a_formula(shelf):
    for row in csv.reader(make_small_file(Product.objects.all()).lstrip("\ufeff").splitlines()):
        assert [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "＝"))] == []


def test_a_worker_writes_what_the_list_shows_by_its_filters(shelf):
    boss = User.objects.create_superuser("boss")
    export = request_export(asked_by=boss, query="is_active__exact=0")
    run_export(export.pk)
    export.refresh_from_db()
    lines = find_file(export, PRODUCTS).read_text().splitlines()
    assert (export.state, export.rows, export.total, export.done) == ("done", 1, 1, 1)
    assert [line.split(",")[0] for line in lines] == ["\ufeffsku", "00123"]
    assert lines[0].endswith(",title_de,description_de,title_zh,description_zh,kindred_export")


def test_filters_that_are_none_any_more_and_people_who_are_gone_get_nothing(shelf):
    boss = User.objects.create_superuser("boss")
    for export in (
        request_export(asked_by=boss, query="no_such_field=1"),
        request_export(asked_by=None, query=""),
    ):
        run_export(export.pk)
        export.refresh_from_db()
        assert (export.state, export.error) == (Export.State.FAILED, NOT_NARROWED)
