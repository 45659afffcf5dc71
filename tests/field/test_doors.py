"""One value through every door: import, REST for one product and for many, and the admin's form: what becomes of it.

A row is what is sent, and what is stored of it; None where it is refused.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from catalog.models import Category, Product
from tests.api.callers import ApiClient

pytestmark = pytest.mark.django_db

ZWSP, BOM, SHY, RLE, ZWJ, ZWNJ = "\u200b", "\ufeff", "\u00ad", "\u202b", "\u200d", "\u200c"
FAMILY = f"👩{ZWJ}👧"


@dataclass(frozen=True, kw_only=True)
class Row:
    sent: Mapping[str, Any]
    stored: Mapping[str, Any] | None  # None: refused
    by: tuple[str, ...] = ("import", "single", "bulk", "form")

    def __str__(self) -> str:
        return ascii(dict(self.sent))[:60]


def text(field: str, said: str, kept: str | None) -> Row:
    return Row(sent={field: said}, stored=None if kept is None else {field: kept})


def price(said: str, amount: str | None, currency: str = "", *, beside: str = "") -> Row:
    stored = None if amount is None else {"price": Decimal(amount), "currency": currency or beside}
    return Row(sent={"price": said} | ({"currency": beside} if beside else {}), stored=stored)


TEXTS = [
    text("title", ZWSP, None),
    text("title", BOM, None),
    text("title", f"{RLE} {ZWJ}", None),
    text("title", "\u3164\u2800", None),
    text("title", "&#8203;", None),
    text("title", "&lt;p&gt;&lt;/p&gt;", None),
    text("title", f"{BOM}Co{SHY}ffee{ZWSP} mug\u2060", "Coffee mug"),
    text("title", "Cafe\u0301", "Café"),
    text("title", f"Toy {FAMILY} 1\ufe0f\u20e3", f"Toy {FAMILY} 1\ufe0f\u20e3"),
    text("title", f"می{ZWNJ}خواهم", f"می{ZWNJ}خواهم"),
    text("title", f"a{ZWJ}b\ufe0f", "ab"),
    text("title", "John\u0092s mug\u0007", "John’s mug"),
    text("title", "Tom &amp;amp; Jerry", "Tom & Jerry"),
    text("title", "a" + "\u0316\u0301" * 20, "á" + "\u0316" * 15 + "\u0301" * 14),
    text("title", "T\ud800", None),
    text("description", "&lt;p&gt;Oak &amp;amp; steel&lt;/p&gt;&lt;br&gt;", "Oak & steel"),
    text("description", "&amp;lt;p&amp;gt;One&amp;lt;/p&amp;gt;", "One"),
    text("description", "<p>The &lt;div&gt; element</p>", "The <div> element"),
    text("description", "<![CDATA[<p>Oak</p>]]>", "Oak"),
    text("description", "Oak<o:p></o:p>", "Oak"),
    text("description", "<details><summary>Size</summary>Large</details>", "Size\nLarge"),
    text("description", "A <wide> board: 5<o:3", "A <wide> board: 5<o:3"),
    text("description", f"One\n{ZWSP}\nTwo", "One\n\nTwo"),
    text("description", f'<p>A</p><img src="data:image/png;base64,{"A" * 200_000}"><p>B</p>', "A\nB"),
    text("description", "d" * 100_001, None),
    text("brand", f"{ZWSP}Marks &amp; Spencer ", "Marks & Spencer"),
    text("collection", f"Fjord{SHY}", "Fjord"),
    text("variant_group", f" G-1{ZWSP}", "G-1"),
    text("sku", f"{ZWSP}K-1{BOM} ", "K-1"),
    text("sku", "É-1 a  b", "É-1 a  b"),
    text("sku", ZWSP, None),
    text("sku", "8.85E+12", None),
    Row(sent={"attributes": {f"co{SHY}lour": f"re{ZWSP}d"}}, stored={"attributes": {"colour": "red"}}),
    Row(sent={"attributes": {"a": 1, f"a{ZWSP}": 2}}, stored=None),
    Row(sent={"attributes": [1]}, stored=None),
    Row(
        sent={"translations": {"zh": {"title": f"{BOM}杯&amp;amp;碟"}}},
        stored={"translations": {"zh": {"title": "杯&碟"}}},
    ),
    Row(sent={"translations": {"zh": {"title": ZWSP}}}, stored={"translations": {}}),
    Row(
        sent={"translations": {"zh": "马克杯"}}, stored=None, by=("single", "bulk", "form")
    ),  # a file has no way to say it
]
PRICES = [
    price("19,99", "19.99"),
    price("19.99 €", "19.99", "EUR"),
    price("€19.99", "19.99", "EUR", beside="EUR"),
    price("1.299,00 EUR", "1299", "EUR"),
    price("1,299.00", "1299"),
    price("1\u00a0299,00 SEK", "1299", "SEK"),
    price("1.250.000 IDR", "1250000", "IDR"),
    price("1,29,999.00 INR", "129999", "INR"),
    price("CHF 1’299.–", "1299", "CHF"),
    price("1'299.50", "1299.50"),
    price("1.255", "1.255", beside="KWD"),
    price("1.255 KWD", "1.255", "KWD"),
    price("12.500", "12500", beside="JPY"),
    price("١٬٢٩٩٫٥٠", "1299.50"),
    price("１９．９９", "19.99"),
    price("$12.50", "12.50", beside="CAD"),
    price("kr 129,00", "129", beside="NOK"),
    price("1.299,-", "1299"),
    price("1,299/- INR", "1299", "INR"),
    price("12,-", "12"),
    price("1 299:-", "1299"),
    price("129 :- kr", "129", beside="SEK"),
    price("12:50", None),
    price("USD $12.50", "12.50", "USD"),
    price("US $ 12.50", "12.50", "USD"),
    price("RMB 12", "12", "CNY"),
    price("3 500 FCFA", "3500", beside="XOF"),
    price("USD €12.50", None),
    price("9.9000", "9.90"),
    price("1000.000", "1000"),
    price(".5", "0.50"),
    price("0", "0"),
    price("12.500", None),
    price("12.500", None, beside="EUR"),
    price("$12.50", None),
    price("$12.50", None, beside="EUR"),
    price("12.50 USD", None, beside="EUR"),
    price("12.3456", None),
    price("12.50 EUR/kg", None),
    price("10-20", None),
    price("1.2.3", None),
    price("1e3", None),
    price("1_000", None),
    price("19⁹⁹", None),
    price("-5", None),
    price("(5.00)", None),
    price("5.00-", None),
    price("12345678901", None),
    text("currency", "eur", "EUR"),
    text("currency", "ABC", None),
    text("currency", "XTS", None),
    text("currency", "EURO", None),
]
OTHERS = [
    Row(sent={"stock": "5.0"}, stored={"stock": 5}),
    Row(sent={"stock": "5,0"}, stored={"stock": 5}),
    Row(sent={"stock": "10.0000"}, stored={"stock": 10}),
    Row(sent={"stock": "1.000"}, stored=None),
    Row(sent={"stock": " ٥ "}, stored={"stock": 5}),
    Row(sent={"stock": "-1"}, stored=None),
    Row(sent={"stock": "5_0"}, stored=None),
    Row(sent={"stock": "+5"}, stored=None),
    Row(sent={"stock": "1,000"}, stored=None),
    Row(sent={"stock": "2.5"}, stored=None),
    Row(sent={"stock": "many"}, stored=None),
    *(
        Row(sent={"category": said}, stored={"category": kept}, by=("import", "single", "bulk"))
        for said, kept in [
            ("A > B", "A/B"),
            ("Home &amp; Garden &gt; Audio/Video", "Home & Garden/Audio-Video"),
            ("A|B", "A|B"),
            (f" A{ZWSP} / Cafe\u0301 //", "A/Café"),
            (f"{ZWSP}/ ", ""),
        ]
    ),
    *(
        Row(sent={"is_active": said}, stored={"is_active": kept}, by=("import", "single", "bulk"))
        for said, kept in [
            *(("TRUE", True), ("wahr", True), ("0", False), ("FAUX", False), ("否", False), ("off", False)),
            *(("J", True), ("YANLIŞ", False), ("ψευδής", False), ("TÕENE", True), ("ＮＯ", False), ("✓", True)),
        ]
    ),
    Row(sent={"is_active": "maybe"}, stored=None, by=("import", "single", "bulk")),
]


ADDRESSES = [
    text("url", "https://shop.example/mug", "https://shop.example/mug"),
    text("url", " HTTPS://Shop.example/mug 1?utm_source=x#top ", "HTTPS://Shop.example/mug%201?utm_source=x#top"),
    text("url", f"{BOM}https://müller.example/türe/花瓶{ZWSP}", "https://müller.example/türe/花瓶"),
    text("url", "http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"),
    text(
        "url",
        "https://shop.example/?a=1&amp;b=2&#038;c&amp;amp;d&ampere=1",
        "https://shop.example/?a=1&b=2&c&d&ampere=1",
    ),
    text("url", "javascript:alert(1)", None),
    text("url", "java\tscript:alert(1)", None),
    text("url", "data:text/html,<script>alert(1)</script>", None),
    text("url", "//shop.example/mug", None),
    text("url", "/mug", None),
    text("url", "shop.example/mug", None),
    text("url", "https://shop.example/a\x01b", None),
    text("url", "https://anna:secret@shop.example/mug", None),
    text("url", "https://shop.example\\@evil.example/", None),
    text("url", "https://evil.example\\.shop.example/", None),
    text("url", "https://shop..example/", None),
    text("url", "https://\u2488com.example/", None),
    text("url", "https://shop.example/" + "x" * 2000, None),
]


def by_import(values: dict[str, Any], folder: Path) -> None:
    cells = {name: value for name, value in values.items() if name != "translations"}
    for language, wording in values.get("translations", {}).items():
        cells |= {f"{name}_{language}": said for name, said in wording.items()}
    cells = {name: said if isinstance(said, str) else json.dumps(said) for name, said in cells.items()}
    path = folder / "products.csv"
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        csv.writer(file).writerows([cells.keys(), cells.values()])
    with suppress(CommandError):  # no product could be loaded
        call_command("import_products", str(path), stdout=StringIO(), stderr=StringIO())


def by_form(values: dict[str, Any], client: Client) -> None:
    objects = {name: json.dumps(values.get(name, {})) for name in ("attributes", "translations")}
    texts = {name: said.encode(errors="replace").decode() for name, said in values.items() if isinstance(said, str)}
    if any(texts[name] != values[name] for name in texts):
        return  # a browser sends no half of a surrogate pair
    formset = {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0}
    client.post("/admin/catalog/product/add/", {"is_active": "on"} | texts | objects | formset)


@pytest.fixture
def enter(request, tmp_path, shop) -> Callable[[str, dict[str, Any]], None]:
    """Send values through the door of that name."""
    ways: dict[str, Callable[[dict[str, Any]], Any]] = {
        "import": lambda values: by_import(values, tmp_path),
        "single": lambda values: shop.call("POST", "products/", values),
        "bulk": lambda values: shop.call("POST", "products/bulk/", {"products": [values]}),
        "form": lambda values: by_form(values, request.getfixturevalue("admin_client")),
    }
    return lambda door, values: ways[door](values)


@pytest.fixture
def shop(db) -> ApiClient:
    from api.models import ApiKey

    return ApiClient(headers={"X-Api-Key": ApiKey.objects.issue("shop", scope="secret")[1]})


@pytest.mark.parametrize(
    ("door", "row"), [(door, row) for row in [*TEXTS, *PRICES, *OTHERS, *ADDRESSES] for door in row.by], ids=str
)
def test_every_door_stores_a_value_alike_or_refuses_it_alike(door, row, enter):
    enter(door, {"sku": "A", "title": "Mug"} | dict(row.sent))

    stored = list(Product.objects.select_related("category"))
    assert len(stored) == (row.stored is not None)
    for product in stored:
        held = {field: getattr(product, field) for field in row.stored}
        if "category" in held:
            held["category"] = product.category.path if product.category else ""
        assert held == dict(row.stored)
    assert row.stored is not None or not Category.objects.exists()


def test_a_file_that_names_a_sku_with_something_unseen_changes_the_product_that_is_there(tmp_path, shop):
    by_import({"sku": "K-1", "title": "Mug"}, tmp_path)
    by_import({"sku": f"{ZWSP}K-1", "title": "Cup"}, tmp_path)
    answer = shop.call("PUT", f"products/{BOM}K-1/", {"title": "Jug"})
    twice = shop.call("POST", "products/bulk/", {"products": [{"sku": "K-2", "title": "a"}, {"sku": f"K-2{ZWSP}"}]})

    assert answer.status_code == 200
    assert [item["errors"][0]["code"] for item in twice.json()["results"]] == ["repeated", "repeated"]
    assert list(Product.objects.values_list("sku", "title")) == [("K-1", "Jug")]


@pytest.mark.parametrize("attributes", [{}, [1], "x"])
@pytest.mark.parametrize("translations", [{"zh": "马克杯", "de": {"title": 5}, "fr": None}, ["zh"], 5])
def test_json_of_the_wrong_shape_is_refused_by_the_form_and_does_no_harm_where_it_is_stored(
    admin_client, tmp_path, attributes, translations
):
    product = Product.objects.create(sku="A", title="Mug")
    Product.objects.update(attributes=attributes, translations=translations)

    for language in ("en", "zh-hans", "de", "fr"):
        for page in ("/", "/products/A/", "/search/?q=mug", f"/admin/catalog/product/{product.pk}/change/"):
            assert admin_client.get(page, headers={"Accept-Language": language}).status_code == 200, (page, language)
    form = {"sku": "A", "title": "Mug", "is_active": "on", "attributes": "{}", "images-TOTAL_FORMS": 0}
    form |= {"images-INITIAL_FORMS": 0}
    change = f"/admin/catalog/product/{product.pk}/change/"
    refused = admin_client.post(change, form | {"translations": '{"zh": "马克杯"}'})
    assert refused.context["adminform"].form.errors == {
        "translations": ['It is not an object of objects: write it as {"zh": {"title": "花瓶"}}.']
    }
    by_import({"sku": "A", "title": "Cup", "translations": {"zh": {"title": "杯"}}}, tmp_path)
    product.refresh_from_db()
    assert (product.title, product.translations["zh"]) == ("Cup", {"title": "杯"})
    assert admin_client.get("/api/v1/products/A/").status_code == 200
