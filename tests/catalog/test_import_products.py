"""Importing: what a row becomes, that a second run writes nothing, and what a changed row changes."""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path
from threading import Barrier

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import writing
from catalog.importers import pictures
from catalog.models import Category, Product, ProductImage
from catalog.signals import products_saved
from tests.factories import ProductFactory, ProductImageFactory

pytestmark = pytest.mark.django_db

DEMO = Path(__file__).resolve().parents[2] / "demo" / "homeware" / "products.csv"


def writes(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_row_becomes_a_product_with_everything_it_says(folder):
    folder.picture("front.png", "red", size=(80, 60))
    folder.picture("sub/back.jpg", "blue", format="JPEG")
    row = {
        "sku": " CUP-1 ",
        "title": "Cup &amp; saucer",
        "description": "<p>Holds 200&nbsp;ml.</p><ul><li>Dishwasher</li><li>Microwave</li></ul>",
        "title_zh": "杯子",
        "description_zh_hans": "容量",
        "brand": "Kumori",
        "category": " Tableware / Cups ",
        "price": "9.9",
        "currency": "eur",
        "stock": "4",
        "attributes": '{"colour": "red", "sizes": [1, 2.5]}',
        "images": "front.png|sub/back.jpg|front.png",
        "variant_group": "CUP",
        "collection": "Fjord",
        "is_active": "no",
    }

    outcome = folder.load(folder.write_rows(row))

    assert outcome.summary == "Created 1, changed 0, unchanged 0, rejected 0."
    assert outcome.errors == []
    product = Product.objects.get()
    assert product.sku == "CUP-1"
    assert product.title == "Cup & saucer"
    assert product.description == "Holds 200 ml.\nDishwasher\nMicrowave"
    assert product.translations == {"zh": {"title": "杯子"}, "zh-hans": {"description": "容量"}}
    assert (product.brand, product.collection, product.variant_group) == ("Kumori", "Fjord", "CUP")
    assert product.category.path == "Tableware/Cups"
    assert (product.price, product.currency, product.stock) == (Decimal("9.90"), "EUR", 4)
    assert product.attributes == {"colour": "red", "sizes": [1, 2.5]}
    assert product.is_active is False
    assert [(image.position, image.width, image.height) for image in product.images.all()] == [(0, 80, 60), (1, 40, 30)]
    assert [Path(image.file.name).suffix for image in product.images.all()] == [".png", ".jpg"]


def test_only_sku_and_title_are_required(folder):
    folder.load_text("sku,title\nA,Mug\n")

    product = Product.objects.get()
    assert (product.price, product.stock, product.category, product.is_active) == (None, None, None, True)


def test_a_second_run_writes_nothing(folder, media_directory):
    folder.picture("a.png")
    rows = [
        {
            "sku": f"S{number}",
            "title": "Mug",
            "category": "A/B",
            "price": "1.5",
            "attributes": '{"w": 1.50}',
            "kind": "x",
        }
        | {"images": "a.png", "title_zh": "杯"}
        for number in range(5)
    ]
    path = folder.write_rows(*rows)
    folder.load(path)
    files = {file: file.stat().st_mtime_ns for file in media_directory.rglob("*") if file.is_file()}

    with CaptureQueriesContext(
        connection,
    ) as queries:
        outcome = folder.load(path)

    assert outcome.summary == "Created 0, changed 0, unchanged 5, rejected 0."
    assert writes(queries) == []
    assert {file: file.stat().st_mtime_ns for file in media_directory.rglob("*") if file.is_file()} == files
    assert len(files) == 1


def test_only_what_differs_is_written_and_what_the_file_does_not_have_stays(folder):
    kept = ProductFactory(sku="A", title="Old", stock=7, attributes={"x": 1}, translations={"zh": {"title": "旧"}})
    ProductImageFactory(product=kept)
    ProductFactory(sku="B", title="Same")

    outcome = folder.load_text("sku,title,title_en\nA,New,\nB,Same,\n")

    assert outcome.summary == "Created 0, changed 1, unchanged 1, rejected 0."
    product = Product.objects.get(sku="A")
    assert (product.title, product.stock, product.attributes) == ("New", 7, {"x": 1})
    assert product.translations == {"zh": {"title": "旧"}}
    assert product.images.count() == 1


def test_an_empty_cell_empties_the_field(folder):
    ProductFactory(sku="A", title="Mug", stock=7, category=Category.objects.get_or_create_path("A"))

    folder.load_text("sku,title,stock,category,brand,price\nA,Mug,,,,\n")

    product = Product.objects.get()
    assert (product.stock, product.category, product.brand, product.price) == (None, None, "", None)


def test_elements_that_a_feed_does_not_have_or_leaves_empty_change_nothing(folder):
    feed = """<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>J</g:id><g:title>Jar</g:title>
        {}</item></channel></rss>"""
    full = """<g:price>12.00 EUR</g:price><g:brand>Havn</g:brand><g:product_type>Jars</g:product_type>
        <g:availability>out of stock</g:availability><g:colour>red</g:colour>"""
    folder.load_text(feed.format(full), format="google")

    folder.load_text(feed.format("<g:price>13.00</g:price><g:brand></g:brand>"), format="google")

    product = Product.objects.get()
    assert (product.price, product.currency, product.brand) == (Decimal("13.00"), "EUR", "Havn")
    assert (product.category.path, product.stock, product.attributes) == ("Jars", 0, {"colour": "red"})
    folder.load_text(feed.format("<g:availability>in stock</g:availability>"), format="google")
    assert Product.objects.get().stock is None


def test_pictures_are_replaced_in_order_and_those_that_stay_keep_their_rows(folder):
    for name in ("red", "green", "blue"):
        folder.picture(f"{name}.png", name)
    folder.load_text("sku,title,images\nA,Mug,red.png|green.png\n")
    before = {image.sha256: image.pk for image in ProductImage.objects.all()}

    outcome = folder.load_text("sku,title,images\nA,Mug,blue.png|red.png\n")

    assert outcome.summary == "Created 0, changed 1, unchanged 0, rejected 0."
    first, second = Product.objects.get().images.all()
    assert first.sha256 not in before
    assert before[second.sha256] == second.pk
    assert (first.position, second.position) == (0, 1)


def test_a_picture_edited_in_place_is_noticed(folder):
    folder.picture("a.png", "red")
    path = folder.write("sku,title,images\nA,Mug,a.png\n")
    folder.load(path)
    old = ProductImage.objects.get().sha256
    folder.picture("a.png", "blue")

    assert folder.load(path).summary == "Created 0, changed 1, unchanged 0, rejected 0."
    assert ProductImage.objects.get().sha256 != old


def test_a_stored_file_that_was_lost_is_stored_again(folder):
    folder.picture("a.png")
    folder.load_text("sku,title,images\nA,Mug,a.png\n")
    ProductImage.objects.get().file.storage.delete(ProductImage.objects.get().file.name)

    folder.load_text("sku,title,images\nB,Mug,a.png\n")

    image = ProductImage.objects.get(product__sku="B")
    assert image.file.storage.exists(image.file.name)


def test_the_same_picture_is_stored_once_for_all_products(folder, media_directory):
    folder.picture("a.png")
    folder.picture("copy.png")

    folder.load_text("sku,title,images\nA,Mug,a.png\nB,Mug,copy.png\n")

    assert ProductImage.objects.count() == 2
    assert len([file for file in media_directory.rglob("*") if file.is_file()]) == 1


def test_unknown_columns_are_kept_in_attributes_with_one_warning(folder):
    outcome = folder.load_text('sku,title,Colour,kind,attributes\nA,Mug,red,,"{""kind"": ""cup""}"\nB,Cup,,x,\n')

    assert outcome.errors == ["Columns without a meaning of their own are kept in attributes: colour, kind."]
    assert list(Product.objects.values_list("attributes", flat=True)) == [
        {"colour": "red", "kind": "cup"},
        {"kind": "x"},
    ]


def test_unknown_columns_are_laid_over_the_attributes_there_are_and_never_over_the_files_own(folder):
    ProductFactory(sku="A", title="Mug", attributes={"x": 1, "colour": "blue"})

    folder.load_text("sku,title,colour\nA,Mug,red\n")
    assert Product.objects.get().attributes == {"x": 1, "colour": "red"}
    folder.load_text('sku,title,colour,attributes\nA,Mug,green,"{""colour"": ""white""}"\n')
    assert Product.objects.get().attributes == {"colour": "white"}


def test_other_names_of_columns_are_understood(folder):
    outcome = folder.load_text("ID,Name,group_id,description_html\nA,Mug,G,<p>One</p><p>Two</p>\n")

    assert outcome.errors == []
    product = Product.objects.get()
    assert (product.sku, product.title, product.variant_group, product.description) == ("A", "Mug", "G", "One\nTwo")


def test_our_own_column_wins_over_its_alias(folder):
    folder.load_text("id,sku,title,description,description_html\n7,A,Mug,Plain,<b>Bold</b>\n")

    product = Product.objects.get()
    assert (product.sku, product.description, product.attributes) == ("A", "Plain", {})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_the_header(folder, delimiter):
    folder.load_text(delimiter.join(("sku", "title", "price")) + "\n" + delimiter.join(("A", "Mug", "1.50")) + "\n")

    assert Product.objects.get().price == Decimal("1.50")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(folder, newline):
    content = newline.join(("sku,title", "A,Mug", "B,", "C,Cup", ""))

    assert folder.load_text(b"\xef\xbb\xbf" + content.encode()).errors == ["line 3 (B): title is missing"]


def test_a_dry_run_says_what_would_happen_and_writes_nothing(folder, media_directory):
    folder.picture("a.png")
    ProductFactory(sku="OLD", title="Old")
    ProductFactory(sku="SAME", title="Same")
    path = folder.write("sku,title,category,images\nOLD,New,X,a.png\nNEW,New,A/B,a.png\nBAD,,A,\n")

    with CaptureQueriesContext(connection) as queries:
        outcome = folder.load(path, dry_run=True)

    assert outcome.summary == "Would create 1, would change 1, unchanged 0, rejected 1."
    assert outcome.errors == ["line 4 (BAD): title is missing"]
    assert writes(queries) == []
    assert not Category.objects.exists()
    assert not media_directory.exists()


def test_the_number_of_queries_does_not_grow_with_unchanged_rows(folder):
    def count_queries(rows: int) -> int:
        path = folder.write_rows(*({"sku": f"S{number:03}", "title": "Mug", "category": "A"} for number in range(rows)))
        folder.load(path)
        with CaptureQueriesContext(connection) as queries:
            folder.load(path)
        return len(queries)

    assert count_queries(2) == count_queries(150)


def test_every_changed_product_is_said_to_be_saved_and_no_other(folder):
    folder.load_text("sku,title\nA,One\nB,Two\n")
    saved = []

    def note(product_ids, **kwargs):
        saved.append(list(Product.objects.filter(pk__in=product_ids).values_list("sku", flat=True)))

    products_saved.connect(note)
    try:
        folder.load_text("sku,title\nA,One\nB,Zwei\nC,Three\n")
    finally:
        products_saved.disconnect(note)
    assert saved == [["B", "C"]]


def test_an_import_goes_on_after_it_was_cut_off(folder, monkeypatch):
    monkeypatch.setattr("catalog.importers.load.CHUNK", 2)
    real_save = writing.save_together

    def save(plans, **kwargs):
        real_save(plans, **kwargs)
        if "S3" in [plan.product.sku for plan in plans]:
            raise KeyboardInterrupt

    path = folder.write_rows(*({"sku": f"S{number}", "title": "Mug"} for number in range(5)))
    monkeypatch.setattr(writing, "save_together", save)
    with pytest.raises(CommandError, match=r"Stopped. Run the same command again to go on.") as stopped:
        folder.load(path)
    assert stopped.value.returncode == 130
    monkeypatch.setattr(writing, "save_together", real_save)

    assert list(Product.objects.values_list("sku", flat=True)) == ["S0", "S1"]
    assert folder.load(path).summary == "Created 3, changed 0, unchanged 2, rejected 0."


def test_the_demo_catalogue_loads_with_all_its_pictures(media_directory):
    out = StringIO()
    call_command("import_products", str(DEMO), stdout=out)

    assert out.getvalue().strip() == "Created 315, changed 0, unchanged 0, rejected 0."
    assert Category.objects.count() == 29
    named = [row["images"] for row in csv.DictReader(DEMO.read_text(encoding="utf-8").splitlines()) if row["images"]]
    assert ProductImage.objects.count() == sum(len(names.split("|")) for names in named)
    mug = Product.objects.get(sku="MUG-103")
    assert mug.translated("title", language="zh-hans") == "哈拉哑光炻器马克杯 天蓝色洒点"
    assert (mug.category.path, mug.price, mug.variant_group) == ("Tableware/Mugs", Decimal("15.90"), "MUG-HALLA")


def test_pictures_are_checked_several_at_a_time(folder, monkeypatch):
    for colour in ("red", "blue"):
        folder.picture(f"{colour}.png", colour)
    both, real_check = Barrier(2, timeout=30), pictures.check_picture

    def check_beside_the_other(file):
        both.wait()
        return real_check(file)

    files = replace(pictures.PICTURE_FILES, check=check_beside_the_other)
    monkeypatch.setattr(pictures, "PICTURE_FILES", files)
    outcome = folder.load(folder.write_rows({"sku": "A", "title": "Cup", "images": "red.png|blue.png"}))

    assert outcome.errors == []
    assert ProductImage.objects.count() == 2


def test_the_luma_catalogue_loads_with_its_photos_and_html(luma):
    out, err = StringIO(), StringIO()
    call_command("import_products", str(luma / "products.csv"), stdout=out, stderr=err, no_color=True)

    assert out.getvalue().strip() == "Created 193, changed 0, unchanged 0, rejected 0."
    assert err.getvalue().splitlines() == ["Columns without a meaning of their own are kept in attributes: kind."]
    hoodie = Product.objects.get(sku="MH01")
    assert hoodie.category.path == "Men/Tops/Hoodies & Sweatshirts"
    assert hoodie.description.splitlines()[1] == "Two-tone gray heather hoodie."
    assert hoodie.attributes["kind"] == "configurable"
    assert hoodie.images.count() == 3
