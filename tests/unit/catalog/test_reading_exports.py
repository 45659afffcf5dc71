"""Reading the exports of shop systems: prices before a reduction, families that are too large, and any bytes at all."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.importers import READERS
from catalog.importers.report import ImportFileError, ImportReport, RowError, SourceRow
from catalog.importers.rows import parse_row
from catalog.importers.sale_prices import read_moment

HEADERS = {
    "shopify": b"Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Position,Published\n",
    "woocommerce": b"ID,Type,SKU,Name,Stock,Sale price,Regular price,Date sale price ends,Categories,Parent\n",
    "magento": b"sku,store_view_code,name,price,categories,qty,additional_attributes,configurable_variations\n",
}


def read(format: str, content: str) -> list[SourceRow]:
    return list(READERS[format](BytesIO(content.encode()), report=ImportReport()))


@pytest.mark.parametrize(
    ("format", "content", "prices"),
    [
        (
            "shopify",
            "Handle,Title,Variant Price,Variant Compare At Price\na,A,8,10\nb,B,8,\nc,C,8,0.00\n",
            [("8", "10"), ("8", ""), ("8", "")],
        ),
        ("shopify", "Handle,Title,Variant Price\na,A,8\n", [("8", None)]),
        ("woocommerce", "SKU,Name,Sale price,Regular price\nA,A,8,10\nB,B,,10\n", [("8", "10"), ("10", "")]),
        ("woocommerce", "SKU,Name,Regular price\nA,A,10\n", [("10", None)]),
        ("woocommerce", "SKU,Name,Sale price\nA,A,8\nB,B,\n", [("8", None), (None, None)]),
        (
            "woocommerce",
            "SKU,Name,Sale price,Regular price,Parent\nP,P,,,\nA,A,8,10,P\nB,B,,9,P\n",
            [("8", "10"), ("8", "10"), ("9", "")],
        ),
        (
            "magento",
            "sku,store_view_code,name,price,special_price\nA,,A,10.0000,8.0000\nB,,B,10.0000,\nC,,C,,\n",
            [("8.00", "10.00"), ("10.00", ""), ("", None)],
        ),
    ],
)
def test_the_price_before_a_reduction_is_the_list_price_and_its_absence_empties_it(format, content, prices):
    rows = read(format, content)

    assert [(row.fields.get("price"), row.fields.get("list_price")) for row in rows] == prices
    assert all("list_price" in row.emptied for row in rows)


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-01T08:30:00+01:00", datetime(2026, 3, 1, 7, 30, tzinfo=UTC), datetime(2026, 3, 1, 7, 30, tzinfo=UTC)),
        ("3/1/26", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
        ("3/1/26, 8:30 AM", datetime(2026, 3, 1, 8, 30, tzinfo=UTC), datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("9999-12-31", datetime(9999, 12, 31, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
        ("next week", None, None),
    ],
)
def test_a_day_ends_with_its_last_moment(text, begins, ends):
    assert (read_moment(text, is_end=False), read_moment(text, is_end=True)) == (begins, ends)


def test_rows_of_one_product_beyond_a_bound_are_refused_and_the_others_read(monkeypatch):
    monkeypatch.setattr("catalog.importers.gathering.MAX_ROWS", 2)

    rows = read("shopify", "Handle,Title,Variant SKU\na,A,A1\nb,B,B1\na,,A2\na,,A3\na,,A4\n")

    assert [(row.line, row.problem) for row in rows] == [
        (2, ""),
        (4, ""),
        (5, "more than 2 rows for one product"),
        (6, "more than 2 rows for one product"),
        (3, ""),
    ]


def test_two_products_that_list_each_other_as_variations_are_one_family():
    rows = read(
        "magento",
        "sku,store_view_code,name,price,configurable_variations\nA,,A,1,sku=B\nB,,B,2,sku=A|sku=B\nC,,C,3,\n",
    )

    assert sorted((row.fields["sku"], row.fields.get("variant_group", "")) for row in rows) == [
        ("A", "A"),
        ("B", "A"),
        ("C", ""),
    ]


@pytest.mark.parametrize("format", sorted(HEADERS))
@settings(deadline=None)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_whatever_make_a_reader_fail_other_than_politely(format, content):
    rows = READERS[format](BytesIO(HEADERS[format] + content), report=ImportReport())
    with suppress(ImportFileError):  # any other exception fails the test
        for row in rows:
            with suppress(RowError):
                parse_row(row)


@pytest.mark.parametrize("format", sorted(HEADERS))
@settings(deadline=None)
@given(
    rows=st.lists(
        st.lists(st.sampled_from(["", "A", "B", "C", "8", "9.5", "id:1", "1", "sku=B|sku=C", "x=1,sku=A"]), min_size=8),
        max_size=8,
    )
)
def test_no_table_whatever_makes_a_reader_fail_or_give_a_row_without_a_sku(format, rows):
    body = "".join(",".join(f'"{cell}"' for cell in [*row, ""][:8]) + "\n" for row in rows)

    found = list(READERS[format](BytesIO(HEADERS[format] + body.encode()), report=ImportReport()))

    assert all(set(row.fields) >= {"sku"} or row.problem for row in found)
