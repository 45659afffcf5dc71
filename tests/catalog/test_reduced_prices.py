"""What a product cost before: stored as it is given, shown where it is above the price."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from catalog.models import Product
from tests.api.callers import ApiClient
from tests.factories import ProductFactory
from tests.field.table import Case, File, as_parameters, check_case

pytestmark = pytest.mark.django_db

CASES = [
    Case(
        name="columns of our own table, and a later table without them",
        files=[
            File(content="sku,title,price,list_price,currency,url\nA,Mug,8.00,10.0000,EUR,https://shop.example/a\n"),
            File(content="sku,title,price\nA,Mug,7.00\n"),
        ],
        products={
            "A": {
                "price": Decimal("7.00"),
                "list_price": Decimal("10.00"),
                "url": "https://shop.example/a",
                "attributes": {},
            }
        },
    ),
    Case(
        name="list prices that are none",
        files=[File(content="sku,title,list_price\nA,Mug,dear\nB,Vase,-1\n")],
        rejected={2: "list_price 'dear' is not a number", 3: "list_price -1 is negative"},
        refused="no product could be loaded",
    ),
]


@as_parameters(CASES)
def test_a_table_with_list_prices(case: Case, tmp_path: Path):
    check_case(case, tmp_path)


@pytest.mark.parametrize(
    ("price", "list_price", "is_shown"),
    [
        ("8", "10", True),
        ("0", "10", True),
        ("10", "10", False),
        ("12", "10", False),
        (None, "10", False),
        ("8", None, False),
    ],
)
def test_a_list_price_is_only_shown_above_the_price(client, price, list_price, is_shown):
    prices = {"price": price and Decimal(price), "list_price": list_price and Decimal(list_price)}
    product = ProductFactory(sku="A", **prices)
    assert product.on_sale == is_shown
    assert ApiClient().call("GET", "products/A/").json()["on_sale"] == is_shown
    assert [product.sku for product in Product.objects.all() if is_shown] == [
        answer["sku"] for answer in ApiClient().call("GET", "products/?on_sale=true").json()["results"]
    ]
    for path in ("/", "/products/A/"):
        assert ("<del" in client.get(path).content.decode()) == is_shown


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ("on_sale=true", "BC"),
        ("on_sale=false", "AD"),
        ("discount_min=20", "BC"),
        ("discount_min=20.01", "C"),
        ("discount_min=75&price_max=2", ""),
        ("on_sale=true&price_max=5", "C"),
    ],
)
def test_lists_of_products_are_filtered_by_what_is_reduced(query, skus):
    for sku, list_price, price in (("A", None, 8), ("B", 10, 8), ("C", 10, "2.50"), ("D", 8, 8)):
        ProductFactory(sku=sku, price=Decimal(price), list_price=list_price)
    results = ApiClient().call("GET", f"products/?{query}").json()["results"]
    assert "".join(answer["sku"] for answer in results) == skus


@pytest.mark.parametrize(
    ("language", "now", "before"), [("en", "Price now:", "Price before:"), ("zh-hans", "现价：", "原价：")]
)
def test_who_hears_a_price_is_told_which_is_which(language, now, before):
    product = ProductFactory(price=Decimal("120"), list_price=Decimal("150.5"), currency="USD")
    with translation.override(language):
        html = render_to_string("catalog/price.html", {"product": product})
    assert html.strip() == (
        f'<ins class="price-now"><span class="visually-hidden">{now} </span>$120.00</ins> '
        f'<del class="price-before"><span class="visually-hidden">{before} </span>$150.50</del>'
    )


def test_the_product_page_leads_to_the_shops_own(client):
    ProductFactory(sku="A", url="https://shop.example/a?x=1&y=2")
    html = client.get("/products/A/").content.decode()
    assert '<a href="https://shop.example/a?x=1&amp;y=2">View in the shop</a>' in html


def test_prices_and_pages_do_not_make_a_vector_stale():
    product = ProductFactory()
    before = product.content_hash
    Product.objects.filter(pk=product.pk).update(list_price=Decimal(99), price=Decimal(1), url="https://shop.example/")
    product.refresh_from_db()
    assert product.content_hash == before
