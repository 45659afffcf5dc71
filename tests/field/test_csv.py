"""CSV files of products from the wild."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.factories import picture_bytes
from tests.field.table import Case, File, as_parameters, check_case

pytestmark = pytest.mark.django_db

MUG = picture_bytes("teal")

BOWL = (
    "sku,title,description,brand,category,price,currency,stock,images,variant_group,collection,is_active,title_de,glaze\n"
    "B1,Bowl,Deep,Havn,Table/Bowls,14,EUR,5,bowl.jpg,B,Fjord,FALSCH,Schale,matt\n"
)
BOWL_PRODUCT = {
    "title": "Bowl",
    "description": "Deep",
    "brand": "Havn",
    "category": "Table/Bowls",
    "price": Decimal("14.00"),
    "currency": "EUR",
    "stock": 5,
    "images": ["bowl.jpg"],
    "variant_group": "B",
    "collection": "Fjord",
    "is_active": False,
    "translations": {"de": {"title": "Schale"}},
    "attributes": {"glaze": "matt"},
}
ROWS = "sku,title\nA,A\nB,B\nC,C\nD,D\n"
UNNAMED = "1 rows could not be read so far as to say which products they are: nothing was deactivated"
KEPT_IN_ATTRIBUTES = "Columns without a meaning of their own are kept in attributes: glaze."

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
    Case(
        name="columns that the file does not have change nothing",
        files=[File(content=BOWL), File(content="sku,title,price\nB1,Bowl,12\n")],
        pictures={"bowl.jpg": MUG},
        products={"B1": {**BOWL_PRODUCT, "price": Decimal("12.00")}},
    ),
    Case(
        name="empty cells empty their fields, and neither show a product nor take a price its currency",
        files=[File(content=BOWL), File(content=BOWL.splitlines()[0] + "\nB1,Bowl,,,,,,,,,,,,\n")],
        pictures={"bowl.jpg": MUG},
        products={
            "B1": {
                **BOWL_PRODUCT,
                "description": "",
                "brand": "",
                "category": "",
                "price": None,
                "stock": None,
                "images": [],
                "variant_group": "",
                "collection": "",
                "translations": {},
            }
        },
        warnings=[KEPT_IN_ATTRIBUTES],
    ),
    Case(
        name="all that a row does not say is emptied where that is asked for",
        files=[
            File(content=BOWL),
            File(
                content="sku,title,price,brand,title_fr,rim\nB1,Bowl,12,,Bol,gold\n", options={"replace_missing": True}
            ),
        ],
        pictures={"bowl.jpg": MUG},
        products={
            "B1": {
                "title": "Bowl",
                "description": "",
                "brand": "",
                "category": "",
                "price": Decimal("12.00"),
                "currency": "",
                "stock": None,
                "images": [],
                "variant_group": "",
                "collection": "",
                "is_active": True,
                "translations": {"fr": {"title": "Bol"}},
                "attributes": {"rim": "gold"},
            }
        },
        warnings=["kept in attributes: rim."],
    ),
    Case(
        name="the currency of the command is that of prices without one",
        files=[
            File(
                content="sku,title,price,currency\nA,A,1,USD\nB,B,2,\nC,C,,\n",
                options={"currency": "eur"},
            )
        ],
        products={"A": {"currency": "USD"}, "B": {"currency": "EUR"}, "C": {"currency": ""}},
    ),
    Case(
        name="shown or not, in the words of spreadsheets",
        files=[
            File(
                content="sku,title,is_active\nA,A,WAHR\nB,B,FAUX\nC,C,DOĞRU\nD,D,ΨΕΥΔΗΣ\nE,E,否\nF,F,possibly\n",
            )
        ],
        products={
            "A": {"is_active": True},
            "B": {"is_active": False},
            "C": {"is_active": True},
            "D": {"is_active": False},
            "E": {"is_active": False},
        },
        rejected={7: "is_active 'possibly' is neither true nor false"},
    ),
    *(
        Case(
            name=f"a complete file with a row that is rejected, {what}",
            files=[
                File(content="sku,title\nA,A\nB,B\nC,C\nD,D\nÉ1,E\n"),
                File(content=content, options={"complete": True}),
            ],
            products={sku: {"is_active": True} for sku in ("A", "B", "C", "D", "É1")},
            rejected={6: reason},
            refused=refused,
        )
        for what, content, reason, refused in [
            ("its sku with something unseen", f"{ROWS}\u200bÉ1,\n", "title is missing", ""),
            ("its sku spelled otherwise", f"{ROWS}E\u0301'1,\n".replace("'", ""), "title is missing", ""),
            ("its sku made a text", f'{ROWS}"=""É1""",\n', "title is missing", ""),
            ("its sku in another encoding", ROWS.encode() + b"\xc91,E\n", "wrong encoding", UNNAMED),
            ("its sku rounded", f"{ROWS}8.85E+12,E\n", "rounded", UNNAMED),
            ("its sku with a NUL", f"{ROWS}É\x001,E\n", "NUL", UNNAMED),
            ("its cells too many, the sku first", f"{ROWS}É1,E,F\n", "3 cells where the header has 2", ""),
        ]
    ),
    Case(
        name="a complete file with a row whose cells may stand under each other's columns",
        files=[
            File(content="sku,title\nA,A\nB,B\nC,C\nD,D\nE,E\n"),
            File(content="title,sku\nA,A\nB,B\nC,C\nD,D\nBowl, big,E\n", options={"complete": True}),
        ],
        products={sku: {"is_active": True} for sku in "ABCDE"},
        rejected={6: "3 cells where the header has 2"},
        refused=UNNAMED,
    ),
    Case(
        name="a table for Google or Meta says what it is, for our columns have no word for what is sold out",
        files=[File(content="id;title;availability;link\nA;Cup;out of stock;https://shop.test/a\n")],
        refused="This is an export of Google Merchant or Meta: pass --format google.",
    ),
    Case(
        name="other names of the page, of which the first counts, and ours before all",
        files=[
            File(content="sku,title,Permalink,link\nA,Cup,https://shop.test/a,https://shop.test/b\n"),
            File(content="sku,title,link,url\nB,Cup,https://shop.test/a,https://shop.test/b\n"),
        ],
        products={
            "A": {"url": "https://shop.test/a", "attributes": {}},
            "B": {"url": "https://shop.test/b", "attributes": {}},
        },
    ),
    Case(
        name="an export of Shopify says what it is",
        files=[File(content="Handle,Title,SKU,Variant SKU,Variant Price\ncup,Cup,,C1,4\n")],
        refused="This is an export of Shopify: pass --format shopify.",
    ),
]


@as_parameters(CASES)
def test_a_csv_file_from_the_wild(case: Case, tmp_path: Path):
    check_case(case, tmp_path)
