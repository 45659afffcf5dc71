"""CSV files of products from the wild."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.factories import picture_bytes
from tests.field.table import Case, File, as_parameters, check_case

pytestmark = pytest.mark.django_db

MUG = picture_bytes("teal")

CASES = [
    Case(
        name="a spreadsheet that pads its rows with empty cells",
        files=[File(content="sku,title,price,images\nM1,Mug,9.5,mug.jpg,,,\nM2,,3,\n")],
        pictures={"mug.jpg": MUG},
        products={"M1": {"title": "Mug", "price": Decimal("9.50"), "images": ["mug.jpg"]}},
        rejected={3: "title is missing"},
    ),
    Case(
        name="a table without the column that products are known by",
        files=[File(content="code,title\nM1,Mug\n")],
        refused="sku",
    ),
]


@as_parameters(CASES)
def test_a_csv_file_from_the_wild(case: Case, tmp_path: Path):
    check_case(case, tmp_path)
