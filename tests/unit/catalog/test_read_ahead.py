"""A file that is read ahead gives its rows, warnings and failures as if it was read row by row."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from catalog.importers.read_ahead import RowStore
from catalog.importers.report import ImportFileError, ImportReport, SourceRow

ROWS = [
    SourceRow(2, {"sku": "A", "title": "half \ud800"}, problem="", emptied=frozenset({"brand"}), attributes={"a": "1"}),
    SourceRow(3, {"sku": "B"}, problem="bad", is_shifted=True, is_group_title=True, note="left out"),
]


def read_rows(store: RowStore, *, failure: bool = False) -> Iterator[SourceRow]:
    store.said.warn("first")
    store.said.without_currency = "Shopify"
    for row in ROWS:
        store.file.read(10)
        yield row
        store.said.warn(f"after {row.line}")
    if failure:
        raise ImportFileError("It breaks off.")


def test_rows_come_as_they_were_read_with_the_place_and_the_warnings_of_their_time():
    store, report = RowStore(io.BytesIO(b"x" * 20), io.BytesIO()), ImportReport()
    assert list(store.keep(read_rows(store))) == ROWS
    assert (report.warnings, store.place) == ([], 0)

    given = store.give(report)
    assert (next(given), report.warnings, store.place) == (ROWS[0], ["first"], 10)
    assert report.without_currency == "Shopify"
    assert (next(given), report.warnings, store.place) == (ROWS[1], ["first", "after 2"], 20)
    assert list(given) == []
    assert report.warnings == ["first", "after 2", "after 3"]


def test_a_file_that_breaks_off_says_so_behind_its_rows():
    store, report = RowStore(io.BytesIO(), io.BytesIO()), ImportReport()
    assert list(store.keep(read_rows(store, failure=True))) == ROWS

    given = store.give(report)
    assert [next(given), next(given)] == ROWS
    with pytest.raises(ImportFileError, match="breaks off"):
        next(given)
    assert report.warnings == ["first", "after 2", "after 3"]
