"""Reading a CSV: what was written is read, and whatever else is refused in words."""

from __future__ import annotations

import csv
from contextlib import suppress
from io import BytesIO

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog.importers.cells import is_blank
from catalog.importers.csv import read_csv
from catalog.importers.report import ImportFileError, ImportReport, RowError
from catalog.importers.rows import parse_row

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=30)


CELL = TEXT.map(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries({"sku": CELL, "title": CELL, "brand": CELL, "description": TEXT, "shape": CELL}),
        min_size=1,
    ),
    delimiter=st.sampled_from(",;\t"),
)
@example(
    rows=[{"sku": 'a"b', "title": 'x,"\n;', "brand": "\u2028", "description": "\n\n", "shape": "\ufeff"}], delimiter=","
)
def test_whatever_was_written_as_csv_is_read_back(tmp_path, rows, delimiter):
    path = tmp_path / "round.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)

    with path.open("rb") as file:
        found = list(read_csv(file, report=ImportReport()))

    assert [row.fields for row in found] == [row for row in rows if not is_blank(list(row.values()))]
    assert [row.problem for row in found] == [""] * len(found)


@settings(deadline=None)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_whatever_make_the_reader_fail_other_than_politely(content):
    rows = read_csv(BytesIO(b"sku,title,price,stock,attributes,category\n" + content), report=ImportReport())
    with suppress(ImportFileError):  # any other exception fails the test
        for row in rows:
            with suppress(RowError):
                parse_row(row)
