"""JSON from the wild: lines and arrays of our own names, and Shopify's products."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from catalog.importers.jsonl import ANSWERED
from catalog.importers.rows import COLUMNS
from catalog.models import Product
from catalog.rest.answers import ProductSerializer
from tests.factories import picture_bytes
from tests.field.table import Case, File, as_parameters, check_case

pytestmark = pytest.mark.django_db

FRONT, BACK = picture_bytes("teal"), picture_bytes("gold")
KEPT = "Columns without a meaning of their own are kept in attributes: "
WHOLE = {
    "sku": "A",
    "title": "Mug",
    "description": "<p>Blue</p>",
    "brand": "Havn",
    "category": "Kitchen/Mugs",
    "price": 12.5,
    "list_price": "15,00",
    "currency": "EUR",
    "stock": 3,
    "attributes": {"colour": "blue", "sizes": [1, 2]},
    "images": ["front.jpg", {"source_url": "https://cdn.test/back.jpg"}],
    "translations": {"de": {"title": "Becher"}, "pt-br": {"description": "Caneca azul"}},
    "variant_group": "mugs",
    "collection": "Fjord",
    "url": "https://shop.example/mug",
    "is_active": False,
    "on_sale": True,
    "in_stock": True,
    "image_url": "https://shop.example/images/1/640.webp",
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z",
}
STORED = {
    "title": "Mug",
    "description": "Blue",
    "brand": "Havn",
    "category": "Kitchen/Mugs",
    "price": Decimal("12.50"),
    "list_price": Decimal("15.00"),
    "currency": "EUR",
    "stock": 3,
    "attributes": {"colour": "blue", "sizes": [1, 2]},
    "images": ["front.jpg", "back.jpg"],
    "translations": {"de": {"title": "Becher"}, "pt-br": {"description": "Caneca azul"}},
    "variant_group": "mugs",
    "collection": "Fjord",
    "url": "https://shop.example/mug",
    "is_active": False,
}


def lines(*objects: Any, **options) -> File:
    text = "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in objects)
    return File(content=text, name="products.jsonl", format="jsonl", options=options)


def jsonl(content: str | bytes, **options) -> File:
    return File(content=content, name="products.jsonl", format="jsonl", options=options)


CASES = [
    Case(
        name="all that a product has, as an answer of the API has it",
        files=[lines(WHOLE)],
        pictures={"front.jpg": FRONT, "back.jpg": BACK},
        products={"A": STORED},
    ),
    *(
        Case(
            name=f"{name} holds the objects",
            files=[jsonl(content)],
            pictures={"front.jpg": FRONT, "back.jpg": BACK},
            products={"A": STORED, "B": {"title": "Cup"}},
        )
        for name, content in [
            ("an array", json.dumps([WHOLE, {"sku": "B", "title": "Cup"}], indent=1)),
            ("the body of a bulk request", json.dumps({"products": [WHOLE, {"sku": "B", "title": "Cup"}]})),
            ("an answer of the API", json.dumps({"results": [WHOLE, {"sku": "B", "title": "Cup"}], "next": None})),
            (
                "a file with marks, CRLF and blank lines",
                f"\ufeff\r\n{json.dumps(WHOLE)}\r\n\r\n  {json.dumps({'sku': 'B', 'title': 'Cup'})}",
            ),
            ("UTF-16", f"{json.dumps(WHOLE)}\n{json.dumps({'sku': 'B', 'title': 'Cup'})}".encode("utf-16")),
            ("an array in UTF-16", json.dumps([WHOLE, {"sku": "B", "title": "Cup"}]).encode("utf-16")),
            ("a packed file", gzip.compress(json.dumps([WHOLE, {"sku": "B", "title": "Cup"}]).encode())),
        ]
    ),
    Case(
        name="what is null or empty is emptied, and what is not named stays",
        files=[
            lines(WHOLE),
            lines(
                {
                    "sku": "A",
                    "title": "Mug",
                    "description": None,
                    "brand": "",
                    "list_price": None,
                    "stock": None,
                    "images": [],
                    "attributes": {},
                    "url": None,
                    "translations": {"de": {"title": None}},
                    "currency": None,
                    "is_active": None,
                }
            ),
        ],
        pictures={"front.jpg": FRONT, "back.jpg": BACK},
        products={
            "A": {
                **STORED,
                "description": "",
                "brand": "",
                "list_price": None,
                "stock": None,
                "images": [],
                "attributes": {},
                "url": "",
                "translations": {"pt-br": {"description": "Caneca azul"}},
            }
        },
    ),
    Case(
        name="a bad line costs itself",
        files=[
            lines(
                {"sku": "A", "title": "Mug"},
                '{"sku": "B", "title": "Cup"',
                ["C"],
                '{"sku": "D", "sku": "E", "title": "Jug"}',
                {"sku": "F", "title": ["Pot"]},
                {"sku": "G", "title": "Jar", "translations": {"de": "Glas"}},
                {"sku": "H", "title": "Jar", "translations": {"de_DE_x": {"title": "Glas"}}},
                {"sku": "I", "title": "Jar", "attributes": ["red"]},
                {"sku": "J", "title": "Jar", "images": [5]},
                '{"sku": "K", "title": "Jar", "price": NaN}',
                {"sku": "L", "title": "Jar", "price": 1.255},
                {"sku": "M", "title": "\ud800"},
                {"sku": "N", "title": "Tray"},
            )
        ],
        products={"A": {"title": "Mug"}, "N": {"title": "Tray"}},
        rejected={
            2: "not JSON (Expecting ',' delimiter",
            3: 'no object, but ["C"]',
            4: "'sku' is in one object twice",
            5: "title is neither a text nor a number",
            6: "translations is not an object of objects",
            7: "a title or description in zh or pt-br",
            8: "attributes is not a JSON object",
            9: "images holds something else than names and addresses",
            10: "NaN is not a JSON number",
            11: "has more than 2 decimals",
            12: "half of a surrogate pair",
        },
    ),
    Case(
        name="a byte that is no UTF-8 costs its line",
        files=[jsonl(b'{"sku": "A", "title": "Caf\xe9"}\n{"sku": "B", "title": "Cup"}\n')],
        products={"B": {"title": "Cup"}},
        rejected={1: "half of a surrogate pair"},
    ),
    Case(
        name="names of the shop's own are attributes, and other programs' names of ours are ours",
        files=[lines({"id": 7, "name": "Mug", "glaze": ["matt", "blue"], "size": {"h": 9}, "fair": True, "kg": 0.4})],
        products={
            "7": {
                "title": "Mug",
                "attributes": {"glaze": "matt, blue", "size": '{"h": 9}', "fair": "true", "kg": "0.4"},
            }
        },
        warnings=[f"{KEPT}glaze, size, fair, kg."],
    ),
    Case(
        name="a number is no thousand, and a text may be one",
        files=[
            lines(
                {"sku": "A", "title": "Mug", "price": 1.255, "currency": "KWD"},
                {"sku": "B", "title": "Cup", "price": "1.255", "currency": "EUR"},
            )
        ],
        products={"A": {"price": Decimal("1.255")}},
        rejected={2: "can mean 1255 or 1.255"},
    ),
    Case(
        name="what came before an array breaks off is loaded",
        files=[jsonl('[{"sku": "A", "title": "Mug"}, {"sku": "B", "ti')],
        products={"A": {"title": "Mug"}},
        refused="The JSON cannot be read beyond its first 1 products",
    ),
    Case(name="a table", files=[jsonl("sku,title\nA,Mug\n")], refused="This is no JSON"),
    Case(name="nothing", files=[jsonl("\n")], refused="The file is empty"),
]


@as_parameters(CASES)
def test_json_is_read(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)


def test_what_an_answer_has_and_nobody_writes_is_left_out():
    assert set(ProductSerializer.Meta.fields) - COLUMNS - {"translations"} == ANSWERED


def test_a_line_that_is_longer_than_any_product_costs_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("catalog.importers.json_objects.MAX_RECORD", 64)
    long = json.dumps({"sku": "A", "title": "x" * 100, "rest": {"sku": "Z", "title": "y"}})
    case = Case(
        name="long",
        files=[lines(long, {"sku": "B", "title": "Cup"})],
        products={"B": {"title": "Cup"}},
        rejected={1: "longer than 64 characters"},
    )
    check_case(case, tmp_path)


TABLE = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,"
    "Variant Compare At Price,Image Src,Image Position,Variant Image,Status\n"
    "linen-tee,Linen tee,<p>Soft &amp; light</p>,Havn,Shirts,\"summer, linen\",true,Colour,Red,Size,S,"
    "TEE-R-S,shopify,4,deny,25.00,30.00,https://cdn.test/red.jpg,1,https://cdn.test/red.jpg,active\n"
    "linen-tee,,,,,,,,Blue,,M,,shopify,0,deny,25.00,,https://cdn.test/blue.jpg,2,https://cdn.test/blue.jpg,\n"
    "linen-tee,,,,,,,,,,,,,,,,,https://cdn.test/back.jpg,3,,\n"
    "gift-card,Gift card,,Havn,,,true,Title,Default Title,,,GIFT,shopify,7,deny,10.00,0.00,,,,active\n"
    "plain-mug,Plain mug,,,Mugs,,true,Title,Default Title,,,,shopify,1,deny,8.50,,,,,active\n"
)  # fmt: skip


def variant(number: int, **values: Any) -> dict[str, Any]:
    given = {"id": number, "title": "x", "sku": None, "option1": "Default Title", "option2": None, "option3": None,
             "price": "10.00", "compare_at_price": None, "available": True, "featured_image": None, "grams": 0,
             "requires_shipping": True, "taxable": True, "position": 1, "product_id": 1}  # fmt: skip
    return given | values


def picture(number: int, src: str, position: int, *variants: int) -> dict[str, Any]:
    return {"id": number, "position": position, "src": src, "width": 9, "height": 9, "variant_ids": list(variants)}


RED, BLUE = picture(1, "https://cdn.test/red.jpg", 1, 11), picture(2, "https://cdn.test/blue.jpg", 2, 12)
SHIRT = {
    "id": 1, "title": "Linen tee", "handle": "linen-tee", "body_html": "<p>Soft &amp; light</p>",
    "published_at": "2026-01-02T03:04:05+01:00", "created_at": "x", "updated_at": "x", "vendor": "Havn",
    "product_type": "Shirts", "tags": ["summer", "linen"],
    "variants": [
        variant(11, sku="TEE-R-S", option1="Red", option2="S", price="25.00", compare_at_price="30.00",
                featured_image=RED),
        variant(12, sku="", option1="Blue", option2="M", price="25.00", available=False),
    ],
    "images": [RED, BLUE, picture(3, "https://cdn.test/back.jpg", 3)],
    "options": [{"name": "Colour", "position": 1, "values": ["Red", "Blue"]},
                {"name": "Size", "position": 2, "values": ["S", "M"]}],
}  # fmt: skip
TITLE = [{"name": "Title", "position": 1, "values": ["Default Title"]}]
CARD = {
    "id": 2, "title": "Gift card", "handle": "gift-card", "body_html": "", "published_at": "2026-01-02T03:04:05Z",
    "vendor": "Havn", "product_type": "", "tags": [], "images": [], "options": TITLE,
    "variants": [variant(21, sku="GIFT", compare_at_price="0.00")],
}  # fmt: skip
MUG = {
    "id": 3, "title": "Plain mug", "handle": "plain-mug", "body_html": None, "published_at": "2026-01-02T03:04:05Z",
    "vendor": "", "product_type": "Mugs", "tags": "", "images": [], "options": TITLE,
    "variants": [variant(31, price="8.50")],
}  # fmt: skip
OWN = ("sku", "title", "description", "brand", "category__path", "price", "list_price", "currency", "attributes",
       "variant_group", "url", "is_active")  # fmt: skip


def load(folder: Path, content: str, *, format: str) -> list[Any]:
    """Import a file into an empty catalogue, and return what is in it."""
    Product.objects.all().delete()
    path = folder / "file"
    path.write_text(content)
    call_command("import_products", str(path), format=format, currency="EUR", shop_url="https://shop.example/",
                 verbosity=0)  # fmt: skip
    return [
        [*values, product.in_stock, sorted(product.downloads.values_list("position", "url"))]
        for values, product in zip(
            Product.objects.order_by("sku").values_list(*OWN), Product.objects.order_by("sku"), strict=True
        )
    ]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"products": [SHIRT, CARD, MUG]}),
        f"{json.dumps({'products': [SHIRT, CARD]})}\n{json.dumps({'products': [CARD, MUG]})}",
        "\n".join(map(json.dumps, [SHIRT, CARD, CARD, MUG])),
        json.dumps([SHIRT, CARD, MUG], indent=2),
    ],
    ids=["an answer", "two answers, of which the second begins with what the first ended with", "lines", "an array"],
)
def test_a_shop_is_the_same_by_its_table_and_by_its_json(content, tmp_path):
    by_table = load(tmp_path, TABLE, format="shopify")
    by_json = load(tmp_path, content, format="shopify-json")

    assert [row[0] for row in by_table] == ["GIFT", "TEE-R-S", "linen-tee-blue-m", "plain-mug"]
    assert by_json == by_table


def test_the_address_of_a_shop_says_whether_a_variant_is_to_be_had_and_not_how_many_there_are(tmp_path):
    load(tmp_path, json.dumps(SHIRT), format="shopify-json")

    assert dict(Product.objects.values_list("sku", "stock")) == {"TEE-R-S": None, "linen-tee-blue-m": 0}
    assert set(Product.objects.values_list("url", flat=True)) == {"https://shop.example/products/linen-tee"}


def test_the_admin_api_says_how_many_there_are_and_which_picture_is_a_variants_own(tmp_path):
    counted = {
        "inventory_quantity": 4,
        "inventory_management": "shopify",
        "inventory_policy": "deny",
        "barcode": "4006",
    }
    sold_on = {"inventory_quantity": -2, "inventory_management": "shopify", "inventory_policy": "continue"}
    product = SHIRT | {
        "status": "draft",
        "images": [RED | {"variant_ids": []}, BLUE | {"variant_ids": []}],
        "variants": [
            variant(11, sku="R", option1="Red", image_id=2, **counted),
            variant(12, sku="B", option1="Blue", **sold_on),
        ],
    }
    load(tmp_path, json.dumps({"products": [product]}), format="shopify-json")

    red = Product.objects.get(sku="R")
    assert (red.stock, red.is_active, red.attributes["barcode"]) == (4, False, "4006")
    assert Product.objects.get(sku="B").stock is None
    assert next(iter(red.downloads.order_by("position"))).url == "https://cdn.test/blue.jpg"


SHOPIFY_CASES = [
    Case(
        name="a product without a handle, and what is no object, cost themselves",
        files=[File(content=json.dumps([MUG, {"title": "x"}, 5]), format="shopify-json")],
        products={"plain-mug": {"title": "Plain mug", "price": Decimal("8.50"), "stock": None}},
        rejected={2: "no product of Shopify: it has no handle", 3: "no object, but 5"},
        warnings=["Shopify exports name no currency"],
    ),
    Case(
        name="products of Shopify's other addresses, which have prices in cents, or variants in another form",
        files=[
            File(
                content=json.dumps(
                    [
                        MUG,
                        {"handle": "a", "title": "A", "price": 1200, "variants": [{"sku": "A", "price": 1200}]},
                        {"handle": "b", "title": "B", "variants": {"edges": [{"node": {"sku": "B", "price": "1.00"}}]}},
                    ]
                ),
                format="shopify-json",
            )
        ],
        products={"plain-mug": {"price": Decimal("8.50")}},
        rejected={2: "its prices are in cents", 3: "its variants are no list"},
        warnings=["Shopify exports name no currency"],
    ),
    Case(
        name="what is not said is not known: whether it can be bought, and which variants it has",
        files=[
            File(
                content=json.dumps([{"id": 1, "handle": "bare", "title": "Bare", "variants": [], "images": None}]),
                format="shopify-json",
            ),
            File(
                content=json.dumps(
                    [
                        MUG | {"variants": [{"price": "8.50", "available": None}]},
                        {"id": 2, "handle": "bare", "title": "Barer", "variants": None},
                    ]
                ),
                format="shopify-json",
            ),
        ],
        products={
            "plain-mug": {"price": Decimal("8.50"), "stock": None},
            "bare": {"title": "Barer", "price": None, "stock": None, "variant_group": ""},
        },
        warnings=["Shopify exports name no currency"],
    ),
    Case(
        name="one that is not published is not shown",
        files=[File(content=json.dumps([MUG | {"published_at": None}]), format="shopify-json")],
        products={"plain-mug": {"is_active": False}},
        warnings=["Shopify exports name no currency"],
    ),
]


@as_parameters(SHOPIFY_CASES)
def test_shopifys_json_is_read(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)
