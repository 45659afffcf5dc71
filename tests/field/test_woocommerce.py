"""WooCommerce's exports from the wild."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tests.factories import picture_bytes
from tests.field.table import Case, File, as_parameters, check_case, write_table

pytestmark = pytest.mark.django_db

NO_CURRENCY = "WooCommerce exports name no currency"
FRONT, BACK = picture_bytes("teal"), picture_bytes("gold")
SCARF = (
    'ID,Type,SKU,Name,Published,"Short description",Description,"In stock?",Stock,"Sale price","Regular price",'
    'Categories,Images,Parent,"Attribute 1 name","Attribute 1 value(s)"\n'
    '7,variable,SC,Scarf,1,Warm,"<p>Of wool</p>",1,,,,"Sale, Clothing > Scarves",'
    '"https://shop.test/front.jpg, https://shop.test/back.jpg",,Colour,"Red, Blue"\n'
    "8,variation,SC-R,Scarf - Red,1,,,1,3,,35.00,,,SC,Colour,Red\n"
    "9,variation,,Scarf - Blue,1,,,1,parent,24.00,30.00,,,id:7,Colour,Blue\n"
)
# Line ends in texts are written as two letters, commas in names with a stroke before them, and an apostrophe stands
# before what a spreadsheet could run; older exporters put it before numbers as well.
COLUMNS = (
    'ID,Type,SKU,"GTIN, UPC, EAN, or ISBN",Name,Published,Is featured?,Visibility in catalog,Short description,'
    "Description,Date sale price starts,Date sale price ends,Tax status,Tax class,In stock?,Stock,Low stock amount,"
    "Backorders allowed?,Sold individually?,Weight (kg),Allow customer reviews?,Purchase note,Sale price,Regular price,"
    "Categories,Tags,Shipping class,Images,Download limit,Parent,Grouped products,Upsells,External URL,Button text,"
    "Position,Brands,Cost of goods,Attribute 1 name,Attribute 1 value(s),Attribute 1 visible,Attribute 1 global,"
    "Attribute 2 name,Attribute 2 value(s),Meta: _wp_old_slug"
)
PLAIN = {"Type": "simple", "Published": "1", "Is featured?": "0", "Visibility in catalog": "visible", "In stock?": "1",
         "Tax status": "taxable", "Backorders allowed?": "0", "Position": "0"}  # fmt: skip
GTIN = "GTIN, UPC, EAN, or ISBN"
EXPORT = write_table(
    next(csv.reader([COLUMNS])),
    PLAIN
    | {"ID": "11", "Type": "variable", "SKU": "TEE", "Name": "Linen tee", "Short description": "Light",
       "Description": r"<p>Light and soft.</p>\nWash cold.\nA path like C:\\new stays.",
       "Categories": r"Clothing > Tops\, long, Sale", "Tags": "summer, linen", "Brands": "Havn",
       "Cost of goods": "4.20",
       "Images": r"https://shop.test/wp-content/a.jpg, https://shop.test/w_9\,h_9/b.jpg", "Attribute 1 name": "Size",
       "Attribute 1 value(s)": "S, M, L", "Attribute 2 name": "Fabric", "Attribute 2 value(s)": r"Linen\, washed",
       "Meta: _wp_old_slug": "tee"},
    PLAIN
    | {"ID": "12", "Type": "variation", "SKU": "TEE-S", GTIN: "4006381333931", "Name": "Linen tee - S", "Parent": "TEE",
       "Date sale price starts": "2020-01-05 9:00:00", "Date sale price ends": "2099-12-31 23:59:59", "Stock": "4",
       "Tax class": "parent", "Sale price": "18.00", "Regular price": "25.00", "Attribute 1 name": "Size",
       "Attribute 1 value(s)": "S", "Cost of goods": "4.20"},
    PLAIN
    | {"ID": "13", "Type": "variation", "Name": "Linen tee - M", "Parent": "TEE", "Published": "0", "In stock?": "0",
       "Stock": "0", "Regular price": "25.00", "Attribute 1 name": "Size", "Attribute 1 value(s)": "M"},
    PLAIN
    | {"ID": "14", "SKU": "'-DASH", "Name": "'=Sum of parts", "Description": r"'- one\n- two", "Stock": "'-3",
       "Regular price": "5.00"},
    PLAIN | {"ID": "15", "SKU": "PEND", "Name": "Pending", "Published": "2", "Regular price": "5.00"},
    PLAIN | {"ID": "16", "SKU": "DRAFT", "Name": "Draft", "Published": "'-1", "Regular price": "5.00"},
    PLAIN | {"ID": "17", "SKU": "PRIV", "Name": "Private", "Published": "0", "Regular price": "5.00"},
    PLAIN
    | {"ID": "18", "SKU": "BACK", "Name": "Back", "In stock?": "backorder", "Stock": "0",
       "Backorders allowed?": "notify", "Visibility in catalog": "catalog", "Regular price": "5.00"},
    PLAIN
    | {"ID": "19", "Type": "external", "SKU": "AFF", "Name": "Book", "Regular price": "9.90", "Button text": "Buy",
       "External URL": "https://books.test/b"},
    PLAIN | {"ID": "20", "Type": "grouped", "SKU": "SET", "Name": "Set", "Grouped products": "TEE, BACK"},
)  # fmt: skip
# the price of the cheapest variation is the product's own
SCARF_PRODUCTS = {
    "SC": {
        "title": "Scarf",
        "description": "Of wool",
        "price": Decimal("24.00"),
        "stock": None,
        "category": "Clothing/Scarves",
        "variant_group": "SC",
        "images": ["front.jpg", "back.jpg"],
        "attributes": {"colour": "Red, Blue"},
    },
    "SC-R": {
        "title": "Scarf - Red",
        "description": "Of wool",
        "price": Decimal("35.00"),
        "stock": 3,
        "category": "Clothing/Scarves",
        "variant_group": "SC",
        "images": ["front.jpg", "back.jpg"],
        "attributes": {"colour": "Red"},
    },
    "woocommerce-9": {
        "title": "Scarf - Blue",
        "price": Decimal("24.00"),
        "stock": None,
        "category": "Clothing/Scarves",
        "variant_group": "SC",
        "attributes": {"colour": "Blue"},
    },
}


def woo(content: str, **options) -> File:
    return File(content=content, format="woocommerce", options=options)


CASES = [
    Case(
        name="variations belong to their parent and take over what they do not say",
        files=[woo(SCARF, currency="EUR")],
        pictures={"front.jpg": FRONT, "back.jpg": BACK},
        products={sku: {**product, "currency": "EUR"} for sku, product in SCARF_PRODUCTS.items()},
    ),
    Case(
        name="the same rows in another order",
        files=[woo("".join(SCARF.splitlines(keepends=True)[line] for line in (0, 3, 2, 1)))],
        pictures={"front.jpg": FRONT, "back.jpg": BACK},
        products=SCARF_PRODUCTS,
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="variations without their parent keep its group, under its number where that is all there is",
        files=[
            woo(
                "ID,Type,SKU,Name,Regular price,Parent\n8,variation,SC-R,Scarf - Red,35,SC\n"
                "9,variation,SC-B,Scarf - Blue,30,id:7\n"
            )
        ],
        products={
            "SC-R": {"price": Decimal("35.00"), "variant_group": "SC"},
            "SC-B": {"price": Decimal("30.00"), "variant_group": "woocommerce-7"},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="published, private, draft, hidden, and a word that nobody knows",
        files=[
            woo(
                "SKU,Name,Published,Visibility in catalog,Regular price\nA,A,1,visible,1\nB,B,0,visible,1\n"
                "C,C,-1,visible,1\nD,D,1,hidden,1\nE,E,WAHR,search,1\nF,F,soon,visible,1\nG,G,future,visible,1\n"
            )
        ],
        products={
            "A": {"is_active": True},
            "B": {"is_active": False},
            "C": {"is_active": False},
            "D": {"is_active": False},
            "E": {"is_active": True},
            "G": {"is_active": False},
        },
        rejected={7: "'soon' is neither true nor false"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="variations of a draft are not shown",
        files=[
            woo("Type,SKU,Name,Published,Regular price,Parent\nvariable,P,Cap,-1,,\nvariation,P-1,Cap - Red,1,9,P\n")
        ],
        products={"P": {"is_active": False}, "P-1": {"is_active": False}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="stock: counted, in stock, out of stock, on order, sold on without",
        files=[
            woo(
                "Type,SKU,Name,In stock?,Stock,Backorders allowed?,Regular price\n"
                "simple,A,A,1,4,0,1\nsimple,B,B,1,,0,1\n"
                "simple,C,C,0,,0,1\nsimple,D,D,backorder,0,0,1\nsimple,E,E,1,-2,notify,1\nsimple,F,F,1,-2,0,1\n"
            )
        ],
        products={
            "A": {"stock": 4},
            "B": {"stock": None},
            "C": {"stock": 0},
            "D": {"stock": None},
            "E": {"stock": None},
            "F": {"stock": 0},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a sale holds in its time only",
        files=[
            woo(
                "SKU,Name,Date sale price starts,Date sale price ends,Sale price,Regular price\nA,A,2020-01-01,,8,10\n"
                "B,B,,2020-01-31,8,10\nC,C,2999-01-01,,8,10\nD,D,2020-01-01,2999-01-01,8,10\nE,E,some day,,8,10\n"
            )
        ],
        products={
            "A": {"price": Decimal("8.00")},
            "B": {"price": Decimal("10.00")},
            "C": {"price": Decimal("10.00")},
            "D": {"price": Decimal("8.00")},
            "E": {"price": Decimal("10.00")},
        },
        warnings=[NO_CURRENCY, "Line 6 (E): The sale price is left out, for its date 'some day' cannot be read"],
    ),
    Case(
        name="a file of stock changes stock, and empty cells change no price, text or picture",
        files=[
            woo(SCARF, currency="EUR"),
            woo("Type,SKU,Name,Description,In stock?,Stock,Regular price,Images\nvariation,SC-R,Scarf - Red,,1,,,\n"),
        ],
        pictures={"front.jpg": FRONT, "back.jpg": BACK},
        products=SCARF_PRODUCTS | {"SC-R": {**SCARF_PRODUCTS["SC-R"], "stock": None, "currency": "EUR"}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="categories and brands with commas and slashes, tags, and the category of those without one",
        files=[
            woo(
                "SKU,Name,Regular price,Categories,Tags,Brands\n"
                'A,A,1,"Pots\\, pans > Lids, Kitchen","steel, new",Havn\nB,B,1,Uncategorized,,\nC,C,1,In/Out,,\n'
            )
        ],
        products={
            "A": {"category": "Pots, pans/Lids", "attributes": {"tags": "steel, new"}, "brand": "Havn"},
            "B": {"category": ""},
            "C": {"category": "In-Out"},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="pictures between commas, with and without spaces, and a URL with commas of its own",
        files=[
            woo(
                "SKU,Name,Regular price,Images\n"
                'A,A,1,"front.jpg,back.jpg"\nB,B,1,"https://x.test/w_300,h_300/front.jpg,https://x.test/back.jpg"\n'
            )
        ],
        pictures={"front.jpg": FRONT, "back.jpg": BACK},
        products={"A": {"images": ["front.jpg", "back.jpg"]}, "B": {"images": ["front.jpg", "back.jpg"]}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="columns that the schema does not have are attributes, and others are left out",
        files=[
            woo(
                "SKU,Name,Regular price,Weight (kg),Meta: _seo,Attribute 1 name,Attribute 1 visible,Glaze,"
                "Attribute 1 value(s)\n"
                "A,A,4,0.5,Buy A,Price,1,matt,low\n"
            )
        ],
        products={"A": {"price": Decimal("4.00"), "attributes": {"glaze": "matt", "price": "low"}}},
        warnings=[NO_CURRENCY, "kept in attributes: glaze."],
    ),
    Case(
        name="a sale price that is none, with decimal commas, and one of nothing",
        files=[woo('SKU,Name,Regular price,Sale price\nA,A,10,12\nB,B,10,10\nC,C,"1.299,00","999,00"\nD,D,10,0\n')],
        products={
            "A": {"price": Decimal("10.00"), "list_price": None},
            "B": {"price": Decimal("10.00"), "list_price": None},
            "C": {"price": Decimal("999.00"), "list_price": Decimal("1299.00")},
            "D": {"price": Decimal("0.00"), "list_price": Decimal("10.00")},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="the cheapest variation that is sold, its price with a comma",
        files=[
            woo(
                "ID,Type,SKU,Name,Published,Regular price,Parent\n1,variable,P,Cap,1,,\n"
                '2,variation,P-1,Cap 1,1,"1.299,00",P\n3,variation,P-2,Cap 2,1,"1.199,50",P\n'
                "4,variation,P-3,Cap 3,-1,3,P\n"
            )
        ],
        products={
            "P": {"price": Decimal("1199.50")},
            "P-1": {"price": Decimal("1299.00")},
            "P-2": {"price": Decimal("1199.50")},
            "P-3": {"price": Decimal("3.00"), "is_active": False},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="stock in words, none left whatever may be ordered back, half a metre, and a word that nobody knows",
        files=[
            woo(
                "SKU,Name,Regular price,In stock?,Stock,Backorders allowed?\nA,A,1,instock,,\nB,B,1,outofstock,,\n"
                "C,C,1,onbackorder,0,\nD,D,1,0,0,1\nE,E,1,1,2.5,0\nF,F,1,perhaps,,\n"
            )
        ],
        products={
            "A": {"stock": None},
            "B": {"stock": 0},
            "C": {"stock": None},
            "D": {"stock": 0},
            "E": {"stock": 2},
        },
        rejected={7: "stock 'perhaps' is not a whole number"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a bar in an address, a comma in an attribute, columns of plugins twice, and no category in French",
        files=[
            woo(
                "SKU,Name,Regular price,Categories,Images,Attribute 1 name,Attribute 1 value(s),Meta: _x,Meta: _x\n"
                'A,A,1,Non classé,"https://x.test/a|1.jpg, https://x.test/b.jpg",Note,"warm\\, soft",1,2\n'
            )
        ],
        products={
            "A": {
                "category": "",
                "downloads": ["https://x.test/a%7C1.jpg", "https://x.test/b.jpg"],
                "attributes": {"note": "warm, soft"},
            }
        },
        warnings=[NO_CURRENCY],
    ),
    *(
        Case(
            name=f"an export in another language, passed as {format}: {headings}",
            files=[File(content=f"{headings}\n1,simple,A,Cup,1,3\n", format=format)],
            refused="This is an export of WooCommerce in another language: set the language of your profile to English",
        )
        for format in ("csv", "woocommerce")
        for headings in (
            "ID,Typ,Artikelnummer,Name,Veröffentlicht,Regulärer Preis",
            "ID,Type,UGS,Nom,Publié,Tarif régulier",
            "ID,Typ,SKU,Name,Publicerad,Ordinarie pris",
        )
    ),
    Case(
        name="two columns of one name",
        files=[woo("SKU,Name,Regular price,Regular price\nA,A,4,5\n")],
        refused="Columns appear more than once: regular price.",
    ),
    Case(
        name="an export that is passed as our own CSV says what it is",
        files=[File(content=SCARF)],
        refused="This is an export of WooCommerce: pass --format woocommerce.",
    ),
    Case(
        name="a sale whose time cannot be read does not hold, and that is said; one that is open does",
        files=[
            woo(
                "SKU,Name,Date sale price starts,Date sale price ends,Sale price,Regular price\n"
                "A,A,2020-01-01,at Easter,8,10\nB,B,soon,,,10\nC,C,2020-01-01,0000-00-00 00:00:00,8,10\n"
            )
        ],
        products={
            "A": {"price": Decimal("10"), "list_price": None},
            "B": {"price": Decimal("10"), "list_price": None},
            "C": {"price": Decimal("8"), "list_price": Decimal("10")},
        },
        warnings=[
            "Line 2 (A): The sale price is left out, for its date 'at Easter' cannot be read: write it as 2027-01-31.",
            NO_CURRENCY,
        ],
    ),
    Case(
        name="all that the exporter writes, as it writes it",
        files=[woo(EXPORT, shop_url="https://shop.test/")],
        products={
            "TEE": {
                "title": "Linen tee",
                "description": "Light and soft.\nWash cold. A path like C:\\new stays.",
                "category": "Clothing/Tops, long",
                "brand": "Havn",
                "price": Decimal("18.00"),
                "list_price": Decimal("25.00"),
                "stock": None,
                "is_active": True,
                "variant_group": "TEE",
                "url": "https://shop.test/?post_type=product&p=11",
                "downloads": ["https://shop.test/wp-content/a.jpg", "https://shop.test/w_9,h_9/b.jpg"],
                "attributes": {"tags": "summer, linen", "size": "S, M, L", "fabric": "Linen, washed"},
            },
            "TEE-S": {
                "title": "Linen tee - S",
                "description": "Light and soft.\nWash cold. A path like C:\\new stays.",
                "price": Decimal("18.00"),
                "list_price": Decimal("25.00"),
                "stock": 4,
                "variant_group": "TEE",
                "url": "https://shop.test/?post_type=product&p=11",
                "attributes": {"size": "S", "barcode": "4006381333931"},
            },
            "woocommerce-13": {
                "title": "Linen tee - M",
                "stock": 0,
                "is_active": False,
                "variant_group": "TEE",
                "url": "https://shop.test/?post_type=product&p=11",
            },
            "-DASH": {"title": "=Sum of parts", "description": "- one\n- two", "stock": 0, "is_active": True},
            "PEND": {"is_active": False, "stock": None},
            "DRAFT": {"is_active": False},
            "PRIV": {"is_active": False},
            "BACK": {"stock": None, "is_active": True},
            "AFF": {"url": "https://shop.test/?post_type=product&p=19", "price": Decimal("9.90")},
            "SET": {"price": None, "stock": None},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a permalink that a program adds is the page, and what others sell is theirs where no shop is named",
        files=[
            woo(
                "ID,Type,SKU,Name,Regular price,Parent,External URL,Permalink\n"
                "1,variable,A,Tee,9,,,https://shop.test/produkt/tee/\n2,variation,A-1,Tee - S,9,A,,\n"
                "3,external,B,Book,8,,https://books.test/b?ref=x,\n4,external,C,Pen,8,,pens.test,\n"
            )
        ],
        products={
            "A": {"url": "https://shop.test/produkt/tee/"},
            "A-1": {"url": "https://shop.test/produkt/tee/"},
            "B": {"url": "https://books.test/b?ref=x"},
            "C": {"url": ""},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a parent that is named by its number with a space before it, and after its variations",
        files=[
            woo(
                "ID,Type,SKU,Name,Regular price,Categories,Parent\n"
                "2,variation,T-S,Tee - S,5,,id: 1\n1,variable,,Tee,,Tops,\n"
            )
        ],
        products={
            "T-S": {"variant_group": "woocommerce-1", "category": "Tops"},
            "woocommerce-1": {"variant_group": "woocommerce-1", "price": Decimal("5.00")},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="prices without tax, computed from those with it, and the cheapest of them",
        files=[
            woo(
                "ID,Type,SKU,Name,Regular price,Sale price,Parent\n1,variable,A,Tee,,,\n"
                '2,variation,A-S,Tee,"16,806722689",,A\n3,variation,A-M,Tee,"16,8067","8,4033613445378",A\n'
                "4,simple,B,Tee,16.8067,16.806722689,\n"
            )
        ],
        products={
            "A": {"price": Decimal("8.40"), "list_price": Decimal("16.81")},
            "A-S": {"price": Decimal("16.81"), "list_price": None},
            "A-M": {"price": Decimal("8.40"), "list_price": Decimal("16.81")},
            "B": {"price": Decimal("16.81"), "list_price": None},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a slug is the page where the shop has it",
        files=[
            woo("ID,SKU,Name,Regular price,Slug\n1,A,Tee,9,linen-tee\n", shop_url="https://shop.test/de/{key}"),
            woo("ID,SKU,Name,Regular price,Slug\n1,B,Tee,9,linen-tee\n2,C,Tee,9,\n", shop_url="https://shop.test"),
        ],
        products={
            "A": {"url": "https://shop.test/de/linen-tee"},
            "B": {"url": "https://shop.test/product/linen-tee/"},
            "C": {"url": "https://shop.test/?post_type=product&p=2"},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a variable product whose price a program wrote as 0 costs what its cheapest variation does",
        files=[
            woo(
                "ID,Type,SKU,Name,Published,Regular price,Sale price,Parent\n1,variable,A,Tee,1,0,,\n"
                "2,variation,A-S,Tee,1,9,7,A\n3,variation,A-M,Tee,-1,5,,A\n4,simple,B,Gift,1,0,,\n"
            )
        ],
        products={
            "A": {"price": Decimal("7.00"), "list_price": Decimal("9.00")},
            "A-S": {"price": Decimal("7.00")},
            "A-M": {"price": Decimal("5.00")},
            "B": {"price": Decimal("0.00")},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="what WordPress replaces in texts is no text, and names are as people read them",
        files=[
            woo(
                "ID,SKU,Name,Regular price,Description,Tags,Attribute 1 name,Attribute 1 value(s)\n"
                '1,A,Tee,9,"[vc_row full_width=""yes""][vc_column]Light [red] [1] [x=y]\\n[/vc_column][/vc_row]'
                '[gallery ids=\'1,2\']",Salt &amp; pepper,Colour &amp; trim,"Red &#038; blue\\, dark"\n'
            )
        ],
        products={
            "A": {
                "description": "Light [red] [1] [x=y]",
                "attributes": {"tags": "Salt & pepper", "colour & trim": "Red & blue, dark"},
            }
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a table that is no export",
        files=[woo("title,price\nCup,4\n")],
        refused="This is no WooCommerce export: it has no column name and no column sku.",
    ),
]


@as_parameters(CASES)
def test_a_woocommerce_export_from_the_wild(case: Case, tmp_path: Path):
    check_case(case, tmp_path)
