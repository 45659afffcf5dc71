"""Shopify's exports from the wild: whole ones, cut down ones, and those that went through a spreadsheet."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.factories import picture_bytes
from tests.field.table import Case, File, as_parameters, check_case

pytestmark = pytest.mark.django_db

NO_CURRENCY = "Shopify exports name no currency"
NO_SKUS = "The file has no SKUs: products are known by those made from their handles and options."
FRONT, BACK, SIDE = (picture_bytes(colour) for colour in ("teal", "gold", "navy"))
VASE = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,"
    "Variant Price,Image Src,Status\n"
    "vase,Vase,<p>Tall</p>,Havn,Vases,gift,true,V1,shopify,6,30.00,https://cdn.test/vase.jpg,draft\n"
)
WHOLE_VASE = {
    "title": "Vase",
    "description": "Tall",
    "brand": "Havn",
    "category": "Vases",
    "stock": 6,
    "is_active": False,
    "attributes": {"tags": "gift"},
    "images": ["vase.jpg"],
}
LONG = "a-handle-that-somebody-made-of-a-whole-sentence-" * 3


def shopify(content: str, **options) -> File:
    return File(content=content, format="shopify", options=options)


def words(column: str, *said: str) -> str:
    rows = (f"p{number},Pot,P{number},{word}\n" for number, word in enumerate(said))
    return f"Handle,Title,Variant SKU,{column}\n" + "".join(rows)


CASES = [
    Case(
        name="a file of prices changes prices",
        files=[shopify(VASE), shopify("Handle,Title,Variant SKU,Variant Price\nvase,Vase,V1,28.00\n")],
        pictures={"vase.jpg": FRONT},
        products={"V1": {**WHOLE_VASE, "price": Decimal("28.00")}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="empty cells overwrite texts, and no price, picture, state or number that is counted",
        files=[
            shopify(VASE),
            shopify(
                "Handle,Title,Body (HTML),Vendor,Type,Published,Variant SKU,Variant Inventory Tracker,"
                "Variant Inventory Qty,Variant Price,Image Src,Status\nvase,Vase,,,,,V1,shopify,,,,\n"
            ),
        ],
        pictures={"vase.jpg": FRONT},
        products={
            "V1": {
                **WHOLE_VASE,
                "description": "",
                "brand": "",
                "category": "",
                "price": Decimal("30.00"),
            }
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="all that the file lacks is emptied where that is asked for",
        files=[
            shopify(VASE),
            shopify("Handle,Title,Variant SKU,Variant Price\nvase,Vase,V1,28.00\n", replace_missing=True),
        ],
        pictures={"vase.jpg": FRONT},
        products={
            "V1": {
                "description": "",
                "brand": "",
                "category": "",
                "stock": None,
                "is_active": True,
                "attributes": {},
                "images": [],
                "price": Decimal("28.00"),
            }
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a currency that a file does not say stays, and one that the command says is taken",
        files=[
            shopify("Handle,Title,Variant SKU,Variant Price\nvase,Vase,V1,28.00\njar,Jar,J1,5\n", currency="sek"),
            shopify("Handle,Title,Variant SKU,Variant Price\nvase,Vase,V1,29.00\n"),
        ],
        products={
            "V1": {"price": Decimal("29.00"), "currency": "SEK"},
            "J1": {"price": Decimal("5.00"), "currency": "SEK"},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="options that are called like columns are attributes",
        files=[
            shopify(
                "Handle,Title,Vendor,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Price\n"
                "lamp,Lamp,Havn,Price,Two-year,Is_active,no,L1,60\nlamp,,,,Monthly,,no,L2,6\n"
                "box,Box,Havn,SKU,Red,Images,none.jpg,B1,4\n"
            )
        ],
        products={
            "L1": {
                "title": "Lamp – Two-year, no",
                "price": Decimal("60.00"),
                "is_active": True,
                "attributes": {"price": "Two-year", "is_active": "no"},
            },
            "L2": {"title": "Lamp – Monthly, no", "price": Decimal("6.00")},
            "B1": {"title": "Box", "brand": "Havn", "images": [], "attributes": {"sku": "Red", "images": "none.jpg"}},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="rows without a handle are products of their own",
        files=[
            shopify(
                "Handle,Title,Vendor,Variant SKU,Variant Price\n"
                ",Rug,Havn,R1,90\n,Mat,,R2,30\n,Hook & eye,,,7\n,,,R4,3\n"
            )
        ],
        products={
            "R1": {"title": "Rug", "brand": "Havn", "variant_group": ""},
            "R2": {"title": "Mat", "brand": "", "variant_group": ""},
            "hook-eye-48e13ad5": {"title": "Hook & eye"},
        },
        rejected={5: "title is missing"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="rows of a product are found wherever they are, the first one last",
        files=[
            shopify(
                "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Image Position\n"
                "cup,,,,Blue,C2,5,,\nbowl,Bowl,Havn,,,B1,9,,\ncup,,,,,,,https://cdn.test/back.jpg,2\n"
                "cup,Cup,Nord,Colour,Red,C1,4,https://cdn.test/front.jpg,1\n"
            )
        ],
        pictures={"front.jpg": FRONT, "back.jpg": BACK},
        products={
            "C1": {
                "title": "Cup – Red",
                "brand": "Nord",
                "attributes": {"colour": "Red"},
                "images": ["front.jpg", "back.jpg"],
            },
            "C2": {"title": "Cup – Blue", "brand": "Nord", "attributes": {"colour": "Blue"}, "variant_group": "cup"},
            "B1": {"title": "Bowl", "brand": "Havn", "variant_group": ""},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="what is sold on without stock, or not counted, is in stock",
        files=[
            shopify(
                "Handle,Title,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy\n"
                "a,A,A,shopify,0,CONTINUE\nb,B,B,shopify,0,deny\nc,C,C,shopify,-3,deny\nd,D,D,,4,deny\n"
                "e,E,E,shopify,7,continue\nf,F,F,shopify,8,\n"
            )
        ],
        products={
            "A": {"stock": None},
            "B": {"stock": 0},
            "C": {"stock": 0},
            "D": {"stock": None},
            "E": {"stock": None},
            "F": {"stock": 8},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a product that is not counted any more is in stock again",
        files=[
            shopify("Handle,Title,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty\na,A,A,shopify,0\n"),
            shopify("Handle,Title,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty\na,A,A,,0\n"),
        ],
        products={"A": {"stock": None}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="published in the words of spreadsheets",
        files=[shopify(words("Published", "WAHR", "FALSCH", "VRAI", "真", "İ", "1", "no", "perhaps", ""))],
        products={
            "P0": {"is_active": True},
            "P1": {"is_active": False},
            "P2": {"is_active": True},
            "P3": {"is_active": True},
            "P5": {"is_active": True},
            "P6": {"is_active": False},
            "P8": {"is_active": True},
        },
        rejected={6: "'İ' is neither true nor false", 9: "'perhaps' is neither true nor false"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="the states of products",
        files=[shopify(words("Status", "Active", "draft", "ARCHIVED", "unlisted", "gone fishing"))],
        products={
            "P0": {"is_active": True},
            "P1": {"is_active": False},
            "P2": {"is_active": False},
            "P3": {"is_active": False},
        },
        rejected={6: "'gone fishing' is neither true nor false"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="made skus tell apart what words and hyphens do not",
        files=[
            shopify(
                "Handle,Title,Option1 Name,Option1 Value,Variant Price\n"
                "pencil,Pencil,Grade,2B,1\npencil,,,2B+,1\npencil,,,2B-,1\npencil,,,Extra Soft,1\n"
            )
        ],
        products={
            "pencil-2b": {"title": "Pencil – 2B", "variant_group": "pencil"},
            "pencil-2b-f9ded361": {"title": "Pencil – 2B+"},
            "pencil-2b-e9346570": {"title": "Pencil – 2B-"},
            "pencil-extra-soft": {"title": "Pencil – Extra Soft"},
        },
        warnings=[NO_SKUS, NO_CURRENCY],
    ),
    Case(
        name="long handles make skus and groups of a hundred characters",
        files=[
            shopify(
                f"Handle,Title,Option1 Name,Option1 Value,Variant Price\n{LONG}a,Cup,Colour,Red,1\n{LONG}a,,,Blue,1\n"
                f"{LONG}b,Jar,,,2\n"
            )
        ],
        products={
            "a-handle-that-somebody-made-of-a-whole-sentence-a-handle-that-somebody-made-of-a-whole-sent-696489fc": {
                "title": "Cup – Red",
                "variant_group": f"{LONG[:91]}-cd8e8089",
            },
            "a-handle-that-somebody-made-of-a-whole-sentence-a-handle-that-somebody-made-of-a-whole-sent-47c1f306": {
                "title": "Cup – Blue",
                "variant_group": f"{LONG[:91]}-cd8e8089",
            },
            "a-handle-that-somebody-made-of-a-whole-sentence-a-handle-that-somebody-made-of-a-whole-sent-6aefecc4": {
                "title": "Jar",
                "variant_group": "",
            },
        },
        warnings=[NO_SKUS, NO_CURRENCY],
    ),
    Case(
        name="pictures stand in the order of their positions, a variant's own before them",
        files=[
            shopify(
                "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Image Src,Image Position,"
                "Image Alt Text,Variant Image\n"
                "jug,Jug,Size,S,J1,https://cdn.test/side.jpg,3,From the side,\n"
                "jug,,,L,J2,https://cdn.test/front.jpg,1,,https://cdn.test/back.jpg\n"
                "jug,,,,,https://cdn.test/back.jpg,2,,\n"
            )
        ],
        pictures={"front.jpg": FRONT, "back.jpg": BACK, "side.jpg": SIDE},
        products={
            "J1": {
                "images": ["front.jpg", "back.jpg", "side.jpg"],
                "attributes": {"size": "S", "image alt text": "From the side"},
            },
            "J2": {"images": ["back.jpg", "front.jpg", "side.jpg"]},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="categories of the taxonomy, of the shop, and none",
        files=[
            shopify(
                "Handle,Title,Variant SKU,Product Category,Type\na,A,A,Home & Garden > Vases/Jars,Old\n"
                "b,B,B,Uncategorized,Rugs\nc,C,C,502979,Mats\nd,D,D,Uncategorized,\n"
            )
        ],
        products={
            "A": {"category": "Home & Garden/Vases-Jars"},
            "B": {"category": "Rugs"},
            "C": {"category": "Mats"},
            "D": {"category": ""},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="metafields, Google's columns and unknown ones are attributes, each variant's barcode its own",
        files=[
            shopify(
                "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Barcode,Standardized Product Type,"
                "Custom Product Type,Care (product.metafields.custom.care),Google Shopping / Age Group,"
                "Variant Grams,SEO Title,Included / Norway,Shelf\n"
                "mat,Mat,Size,S,M1,4006381333931,,Mats,hand wash,adult,900,Buy mats,true,A4\nmat,,,L,M2,,,,,,1200,,,\n"
            )
        ],
        products={
            "M1": {
                "category": "Mats",
                "attributes": {
                    "size": "S",
                    "barcode": "4006381333931",
                    "care": "hand wash",
                    "age group": "adult",
                    "shelf": "A4",
                },
            },
            "M2": {"attributes": {"size": "L", "care": "hand wash", "age group": "adult", "shelf": "A4"}},
        },
        warnings=[NO_CURRENCY, "Columns without a meaning of their own are kept in attributes: shelf."],
    ),
    Case(
        name="the columns of newer exports",
        files=[
            shopify(
                "Title,URL handle,Description,Vendor,Product category,Published on online store,Status,SKU,"
                "Option1 name,Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,"
                "Continue selling when out of stock,Weight value (grams),Product image URL,Image position\n"
                "Cup,cup,<b>Warm</b>,Nord,Cups,TRUE,Active,C1,Colour,Red,4,5,shopify,2,DENY,300,https://x.test/front.jpg,1\n"
                ",cup,,,,,,C2,,Blue,4,,shopify,0,CONTINUE,300,,\n"
            )
        ],
        pictures={"front.jpg": FRONT},
        products={
            "C1": {"title": "Cup – Red", "description": "Warm", "stock": 2, "attributes": {"colour": "Red"}},
            "C2": {"title": "Cup – Blue", "stock": None, "category": "Cups", "is_active": True},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a file without the options leaves variants their own titles and group",
        files=[
            shopify("Handle,Title,Option1 Name,Option1 Value,Variant SKU\ncup,Cup,Colour,Red,C1\ncup,,,Blue,C2\n"),
            shopify("Handle,Title,Variant SKU,Variant Price\ncup,Cup,C1,4\n"),
        ],
        products={
            "C1": {"title": "Cup – Red", "variant_group": "cup", "price": Decimal("4.00")},
            "C2": {"title": "Cup – Blue", "variant_group": "cup", "price": None},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a table that pandas has written: positions with decimals, nan for nothing, an index",
        files=[
            shopify(
                "Unnamed: 0,Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,"
                "Variant Inventory Qty,Image Src,Image Position,Product Category,Type\n"
                "0,mug,Mug,Havn,Size,S,M1,shopify,-2.0,https://cdn.test/back.jpg,2.0,nan,Mugs\n"
                "1,mug,nan,nan,nan,L,M2,nan,3.0,nan,nan,nan,nan\n"
                "2,mug,nan,nan,nan,nan,nan,nan,nan,https://cdn.test/front.jpg,1.0,nan,nan\n"
            )
        ],
        pictures={"front.jpg": FRONT, "back.jpg": BACK},
        products={
            "M1": {"title": "Mug – S", "stock": 0, "images": ["front.jpg", "back.jpg"], "category": "Mugs"},
            "M2": {"title": "Mug – L", "stock": None, "brand": "Havn", "attributes": {"size": "L"}},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="handles are one in whatever capitals, and with what nobody sees",
        files=[
            shopify(
                "Handle,Title,Option1 Name,Option1 Value,Variant SKU\n"
                "Mug-A,Mug,Colour,Red,M1\nmug-a ,,,Blue,M2\n\u200bmug-a,,,Green,M3\n"
            )
        ],
        products={
            "M1": {"title": "Mug – Red", "variant_group": "Mug-A"},
            "M2": {"title": "Mug – Blue", "variant_group": "Mug-A"},
            "M3": {"title": "Mug – Green", "variant_group": "Mug-A"},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a made sku is none that another row has, before it or behind it",
        files=[shopify("Handle,Title,Variant SKU\ncup,Cup,\nother,Other,cup\nmore,More,jar\njar,Jar,\n")],
        products={
            "cup-c6171781": {"title": "Cup"},
            "cup": {"title": "Other"},
            "jar": {"title": "More"},
            "jar-0163f1ee": {"title": "Jar"},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a word about selling on that is none is reported",
        files=[
            shopify(
                "Handle,Title,Variant SKU,Inventory tracker,Inventory quantity,Continue selling when out of stock\n"
                "a,A,A,shopify,0,WAHR\nb,B,B,shopify,0,fortfahren\nc,C,C,shopify,0,\n"
            )
        ],
        products={"A": {"stock": None}, "C": {"stock": 0}},
        rejected={3: "continue selling 'fortfahren' is neither continue nor deny"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="codes that a spreadsheet was made to keep, and one that it rounded",
        files=[
            shopify(
                'Handle,Title,Variant SKU,Variant Barcode\na,A,\'00123,\'04006381333931\nb,B,"=""00124""",\n'
                "c,C,C,4.00638E+12\n"
            )
        ],
        products={"00123": {"attributes": {"barcode": "04006381333931"}}, "00124": {"title": "B"}},
        rejected={4: "barcode is a number that a spreadsheet rounded"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="categories that only a computer can read are none",
        files=[
            shopify(
                "Handle,Title,Variant SKU,Body HTML,Product Category,Type\n"
                "a,A,A,<p>Tall</p>,gid://shopify/TaxonomyCategory/hg-11,Mugs\nb,B,B,,hg-11-2,tv\n"
                "c,C,C,,Uncategorized > ,Rugs\nd,D,D,,Home > > Mats,\n"
            )
        ],
        products={
            "A": {"category": "Mugs", "description": "Tall"},
            "B": {"category": "tv"},
            "C": {"category": "Rugs"},
            "D": {"category": "Home/Mats"},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="addresses of pictures that leave the scheme to the page",
        files=[shopify("Handle,Title,Variant SKU,Image Src\nmug,Mug,M1,//cdn.test/s/mug.jpg?v=1\n")],
        products={"M1": {"downloads": ["https://cdn.test/s/mug.jpg?v=1"]}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="an export of another system",
        files=[shopify("sku,store_view_code,name,price\nA,,Cup,4\n")],
        refused="This is an export of Magento: pass --format magento.",
    ),
]


@as_parameters(CASES)
def test_a_shopify_export_from_the_wild(case: Case, tmp_path: Path):
    check_case(case, tmp_path)
