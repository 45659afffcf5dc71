"""Rows that cannot be loaded: each is reported by line and reason, and the good rows beside it are loaded."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from catalog import writing
from catalog.models import Product
from tests.catalog.refusals import refuse
from tests.factories import picture_bytes

pytestmark = pytest.mark.django_db

HEADER = "sku,title,price,stock,currency,attributes,images\n"
GOOD = "A-1,Good one,12.50,3,EUR,{},\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",No sku,1,,EUR,{},", "sku is missing"),
        ("B-1,,1,,EUR,{},", "title is missing"),
        ("B-1,  ,1,,EUR,{},", "title is missing"),
        (
            'B-1,T,"12 ,50",,EUR,{},',
            "price '12 ,50' is not a number: write it as 12.50, the currency in its own column",
        ),
        ("B-1,T,cheap,,EUR,{},", "price 'cheap' is not a number: write it as 12.50, the currency in its own column"),
        ("B-1,T,1e5,,EUR,{},", "price '1e5' is not a number: write it as 12.50, the currency in its own column"),
        ("B-1,T,-4,,EUR,{},", "price -4 is negative"),
        (
            "B-1,T,1.999,,EUR,{},",
            "price '1.999' can mean 1999 or 1.999: write it without thousands and with two decimals, "
            "or pass --decimal point or --decimal comma",
        ),
        ("B-1,T,12345678901,,EUR,{},", "price: Ensure that there are no more than 10 digits before the decimal point."),
        (f"B-1,T,{'9' * 60},,EUR,{{}},", "price: Ensure that there are no more than 13 digits in total."),
        ("B-1,T,1,many,EUR,{},", "stock 'many' is not a whole number from 0 up (leave it empty if it is not counted)"),
        ("B-1,T,1,-1,EUR,{},", "stock '-1' is not a whole number from 0 up (leave it empty if it is not counted)"),
        ("B-1,T,1,2.5,EUR,{},", "stock '2.5' is not a whole number from 0 up (leave it empty if it is not counted)"),
        ("B-1,T,1,99999999999,EUR,{},", "stock: Ensure this value is less than or equal to 2147483647."),
        ("B-1,T,1,,EURO,{},", "currency 'EURO' is not a code of three letters such as EUR"),
        ("B-1,T,1,,EUR,[1],", 'attributes is not a JSON object: write it as {"colour": "red"}'),
        (
            "B-1,T,1,,EUR,{colour},",
            "attributes is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)): "
            'write an object such as {"colour": "red"}',
        ),
        (
            'B-1,T,1,,EUR,"{""a"": NaN}",',
            'attributes is not JSON (NaN is not a JSON number): write an object such as {"colour": "red"}',
        ),
        (
            'B-1,T,1,,EUR,"{""a"": 1e999}",',
            'attributes is not JSON (a number is too large): write an object such as {"colour": "red"}',
        ),
        ('B-1,T,1,,EUR,"{""a"": ""\\u0000""}",', "attributes holds a NUL character"),
        ('B-1,T,1,,EUR,"{""a"":' + "[" * 30 + "]" * 30 + '}",', "attributes is nested too deeply"),
        ('B-1,T,1,,EUR,"{""a"":' + "[" * 5000 + "]" * 5000 + '}",', "attributes is nested too deeply"),
        ("B-1,T\x00,1,,EUR,{},", "title holds a NUL character: export the file again as text"),
        (f"B-1,{'T' * 501},1,,EUR,{{}},", "title: Ensure this value has at most 500 characters (it has 501)."),
        (f"{'B' * 101},T,1,,EUR,{{}},", "sku: Ensure this value has at most 100 characters (it has 101)."),
        (
            "../B,T,1,,EUR,{},",
            "sku: A SKU may not contain control characters, nor have . or .. as a step between slashes.",
        ),
        ("A-1,Again,1,,EUR,{},", "duplicate sku 'A-1': already on line 2"),
        ("B-1,T,1", "3 cells where the header has 7: is a quote missing, or the row cut short?"),
        ("B-1,T,1,,EUR,{},,more", "8 cells where the header has 7: is a quote missing, or the row cut short?"),
        ('B-1,"T"x,1,,EUR,{},', "not readable as CSV (',' expected after '\"'): is a quote not closed?"),
    ],
)
def test_a_bad_row_is_reported_with_its_line_and_the_others_are_loaded(folder, row, reason):
    outcome = folder.load_text(f"{HEADER}{GOOD}{row}\nC-1,Also good,2,,EUR,{{}},\n")

    sku = row.split(",")[0] if "cells" in reason or "," in row else ""
    shown = f" ({sku})" if sku and "not readable" not in reason else ""
    assert outcome.errors == [f"line 3{shown}: {reason}"]
    assert outcome.summary == "Created 2, changed 0, unchanged 0, rejected 1."
    assert list(Product.objects.values_list("sku", flat=True)) == ["A-1", "C-1"]


def test_lines_are_those_of_the_file_even_after_rows_of_several_lines_and_blank_ones(folder):
    outcome = folder.load_text('sku,title,description\nA,One,"first\nsecond\nthird"\n\n,,\nB,,x\nC,Three,\n')

    assert outcome.errors == ["line 7 (B): title is missing"]
    assert Product.objects.get(sku="A").description == "first\nsecond\nthird"


def test_a_quote_that_is_never_closed_costs_its_own_row_and_no_other(folder):
    outcome = folder.load_text('sku,title\nA,One\nB,"Two\nC,Three\n')

    assert outcome.errors == ["line 3: not readable as CSV (unexpected end of data): is a quote not closed?"]
    assert list(Product.objects.values_list("sku", flat=True)) == ["A", "C"]


def test_a_latin_1_row_is_named_with_what_to_do_and_the_ascii_rows_are_loaded(folder):
    content = "sku,title\nA,Mug\nB,Café\n".encode("latin-1")
    outcome = folder.load_text(content)

    assert outcome.errors == [
        "line 3 (B): wrong encoding: title holds the byte 0xE9, which is not UTF-8; "
        "save the file as UTF-8, or pass --encoding cp1252 if it is Latin-1 or Windows-1252"
    ]
    assert folder.load_text(content, encoding="cp1252").summary == "Created 1, changed 0, unchanged 1, rejected 0."
    assert Product.objects.get(sku="B").title == "Café"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_utf_16_file_without_its_mark_is_refused_with_what_to_do_and_can_be_read_when_it_is_named(folder, encoding):
    path = folder.write("sku,title\nA,Mug\nB,碗\n".encode(encoding))

    with pytest.raises(CommandError, match=r'The file is UTF-16: save it as UTF-8 \("CSV UTF-8" in Excel\)'):
        folder.load(path)
    assert not Product.objects.exists()
    assert folder.load(path, encoding=encoding).summary == "Created 2, changed 0, unchanged 0, rejected 0."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty: its first line has to name the columns."),
        (b"title,price\nMug,1\n", "The file has no column sku. It has: title, price."),
        (b"name;preis\nMug;1\n", "The file has no column sku. It has: name, preis."),
        (b"sku,title,title\nA,B,C\n", "Columns appear more than once: title."),
        (b"sku,title,pr\xe9is\nA,B,C\n", "The column names are not UTF-8"),
        (b"PK\x03\x04rest", "This is a compressed file (zip): unpack it, and import what is in it."),
        (b"PK\x03\x04\x14[Content_Types].xml", 'This is a spreadsheet, not a CSV file: save it as "CSV UTF-8".'),
        (
            b"PK\x03\x04\x14mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            'This is a spreadsheet, not a CSV file: save it as "CSV UTF-8".',
        ),
        (
            b"PK\x03\x04" + bytes(26) + b"out/products.CSV" + bytes(9),
            "This is a compressed file (zip): unpack it, and import what is in it.",
        ),
        (
            b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" + bytes(9),
            'This is a spreadsheet, not a CSV file: save it as "CSV UTF-8".',
        ),
        (
            b'<?xml version="1.0"?><rss/>',
            "This is XML, not CSV: if it is a Google Merchant feed, pass --format google.",
        ),
        (b"sku,title" + b"x" * 4_200_000, "A line is longer than 4,194,304 characters"),
        (b"sku,title\n", "no product could be loaded."),
        (b"sku,title\nA,\n", "no product could be loaded."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(folder, content, message):
    with pytest.raises(CommandError) as error:
        folder.load_text(content)
    assert message in str(error.value)
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": Path("nowhere")}, "There is no folder nowhere (--images)."),
        ({"encoding": "klingon"}, "unknown encoding: klingon"),
        ({"currency": "euro"}, "--currency euro is not a code of three letters such as EUR"),
        ({"source": "s" * 101}, "--source is longer than 100 characters."),
    ],
)
def test_wrong_options_are_refused(folder, options, message):
    with pytest.raises(CommandError) as error:
        folder.load_text("sku,title\nA,B\n", **options)
    assert message in str(error.value)


def test_a_file_that_is_not_there_is_refused(folder):
    with pytest.raises(CommandError, match="There is no file"):
        folder.load(folder.path / "nothing.csv")


def bad_pictures(folder):
    jpeg = picture_bytes(size=(200, 200), format="JPEG")
    folder.write(jpeg[: len(jpeg) // 2], name="cut.jpg")
    folder.write(b"", name="empty.png")
    folder.write(b"GIF89a", name="stub.gif")
    folder.write("<svg/>", name="drawing.svg")
    folder.write(picture_bytes(format="TIFF"), name="scan.jpg")
    folder.write(b"secret", name="../outside.png")
    os.symlink(folder.path.parent / "outside.png", folder.path / "link.png")
    os.mkfifo(folder.path / "pipe.png")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing.png", "unknown picture 'nothing.png': there is no such file in "),
        ("pipe.png", "unknown picture 'pipe.png': there is no such file in "),
        (".", "unknown picture '.': there is no such file in "),
        ("../outside.png", "picture '../outside.png' is outside the images folder: name it relative to "),
        ("..\\outside.png", "picture '..\\\\outside.png' is outside the images folder: name it relative to "),
        ("/etc/passwd", "picture '/etc/passwd' is outside the images folder: name it relative to "),
        ("link.png", "picture 'link.png' is outside the images folder: name it relative to "),
        ("empty.png", "picture 'empty.png': the file is empty"),
        ("cut.jpg", "picture 'cut.jpg': the picture is truncated or damaged ("),
        ("stub.gif", "picture 'stub.gif': the picture is truncated or damaged"),
        ("drawing.svg", "picture 'drawing.svg': the file is not a JPEG, PNG, WebP or GIF picture"),
        ("scan.jpg", "picture 'scan.jpg': the file is not a JPEG, PNG, WebP or GIF picture"),
    ],
)
def test_a_bad_picture_costs_itself_only(folder, name, reason):
    bad_pictures(folder)
    good = folder.picture("good.png")
    rows = [{"sku": "A", "title": "Bad", "images": f"{good}|{name}"}, {"sku": "B", "title": "Good", "images": good}]

    outcome = folder.load(folder.write_rows(*rows))

    assert len(outcome.errors) == 1
    assert outcome.errors[0].startswith(f"Line 2 (A): {reason}")
    assert outcome.errors[0].endswith("The row is loaded without it.")
    assert [(product.sku, product.images.count()) for product in Product.objects.all()] == [("A", 1), ("B", 1)]


def test_pictures_over_the_limits_are_refused(folder, monkeypatch):
    monkeypatch.setattr("catalog.pictures.decoding.MAX_PICTURE_PIXELS", 1_000_000)
    monkeypatch.setattr("catalog.pictures.checks.MAX_PICTURE_BYTES", 2 * 1024 * 1024)
    folder.picture("wide.png", size=(1001, 1000))
    folder.write(b"\xff" * (2 * 1024 * 1024 + 1), name="heavy.jpg")
    rows = [
        {"sku": "A", "title": "Wide", "images": "wide.png"},
        {"sku": "B", "title": "Heavy", "images": "heavy.jpg"},
        {"sku": "C", "title": "Good", "images": ""},
    ]

    assert folder.load(folder.write_rows(*rows)).errors == [
        "Line 2 (A): picture 'wide.png': the picture has more than 1 million pixels: save it smaller. "
        "The row is loaded without it.",
        "Line 3 (B): picture 'heavy.jpg' is larger than 2 MiB: save it smaller. The row is loaded without it.",
    ]


def test_a_sku_that_comes_again_in_a_later_batch_is_a_duplicate_too(folder, monkeypatch):
    monkeypatch.setattr("catalog.importers.load.CHUNK", 1)
    outcome = folder.load_text("sku,title\nA,First\nB,Other\nA,Second\n")

    assert outcome.errors == ["line 4 (A): duplicate sku 'A': already on line 2"]
    assert list(Product.objects.values_list("title", flat=True)) == ["First", "Other"]


def test_a_sku_whose_first_row_was_rejected_can_come_again(folder):
    outcome = folder.load_text("sku,title,price\nA,First,free\nA,Second,1\n")

    assert outcome.summary == "Created 1, changed 0, unchanged 0, rejected 1."
    assert Product.objects.get(sku="A").title == "Second"


def test_rejected_rows_are_written_to_a_file_that_can_be_mended_and_imported(folder):
    path = folder.write("sku,title,price\nA,Mug,1\nB,Bowl,cheap\nC,,2\n")
    rejects = folder.path / "rejects.csv"

    folder.load(path, rejects=rejects)

    rows = list(csv.reader(rejects.read_text().splitlines()))
    assert rows == [
        ["rejected_line", "rejected_reason", "sku", "title", "price"],
        ["3", "price 'cheap' is not a number: write it as 12.50, the currency in its own column", "B", "Bowl", "cheap"],
        ["4", "title is missing", "C", "", "2"],
    ]
    rejects.write_text(rejects.read_text().replace(",cheap", ",3").replace("C,,", "C,Cup,"))
    assert folder.load(rejects).summary == "Created 2, changed 0, unchanged 0, rejected 0."
    assert Product.objects.get(sku="B").attributes == {}


def test_a_file_of_rejects_holds_no_formula_and_gives_back_the_very_texts(folder):
    formula, own_mark = '=HYPERLINK("http://evil.example","Mug")', "'tis a mug"
    path = folder.write_rows(
        {"sku": "-B", "title": formula, "price": "cheap", "@note": "+1"},
        {"sku": "@C", "title": own_mark, "price": "-1", "@note": "plain"},
    )
    rejects = folder.path / "rejects.csv"

    with pytest.raises(CommandError, match="no product could be loaded"):
        folder.load(path, rejects=rejects)

    header, *rows = csv.reader(rejects.read_text().splitlines())
    assert header[2:] == ["sku", "title", "price", "'@note"]
    assert [row[2:] for row in rows] == [
        ["'-B", f"'{formula}", "cheap", "'+1"],
        ["'@C", f"'{own_mark}", "'-1", "plain"],
    ]
    rejects.write_text(rejects.read_text().replace("cheap", "3").replace("'-1", "4"))
    folder.load(rejects)
    stored = {product.sku: (product.title, product.attributes) for product in Product.objects.all()}
    assert stored == {"-B": (formula, {"@note": "+1"}), "@C": (own_mark, {"@note": "plain"})}


def test_what_only_the_database_refuses_costs_its_row_only(folder):
    refuse("B", code="22003")  # numeric_value_out_of_range
    outcome = folder.load_text("sku,title\nA,One\nB,Two\nC,Three\n")

    assert outcome.errors == [
        "line 3 (B): the database refused it: a value is too large or out of range; make it smaller"
    ]
    assert outcome.summary == "Created 2, changed 0, unchanged 0, rejected 1."


def test_a_deadlock_is_tried_again(folder, monkeypatch):
    from django.db import OperationalError

    class Deadlock(Exception):
        sqlstate = "40P01"

    real_save, failures = writing.save_together, [1, 2]

    def save(plans, **kwargs):
        if failures:
            failures.pop()
            raise OperationalError("deadlock detected") from Deadlock()
        return real_save(plans, **kwargs)

    monkeypatch.setattr(writing, "save_together", save)

    assert folder.load_text("sku,title\nA,One\nB,Two\n").summary == "Created 2, changed 0, unchanged 0, rejected 0."


def test_only_the_first_rejections_are_printed(folder):
    content = "sku,title\nA,Good\n" + "".join(f"B{number},\n" for number in range(60))

    outcome = folder.load_text(content)

    assert len(outcome.errors) == 51
    assert outcome.errors[0] == "line 3 (B0): title is missing"
    assert outcome.errors[-1] == "... and 10 more; --rejects FILE has them all"
