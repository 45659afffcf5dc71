"""The page that the shop itself has of a product: what is taken for one, whichever door it comes through."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError

from catalog.fields import BadValue, clean_url
from catalog.models import Product
from tests.api.callers import ApiClient, errors
from tests.catalog.test_admin import form_data
from tests.factories import ProductFactory
from tests.field.table import Case, File, check_case

pytestmark = pytest.mark.django_db

GOOD = {
    "https://shop.example/vase": "https://shop.example/vase",
    " HTTP://Shop.example:8080/a b?x=1#y ": "HTTP://Shop.example:8080/a%20b?x=1#y",
    "https://shop.example/花瓶": "https://shop.example/花瓶",
    "https://[2001:db8::1]/": "https://[2001:db8::1]/",
    "": "",
}
BAD = [
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://shop.example/",
    "//shop.example/vase",
    "shop.example/vase",
    "/vase",
    "https://",
    "https:///vase",
    "https://shop.example:no/",
    "https://[::1/",
    "https://shop.example/a\nb",
    "https://shop.example/a\tb",
    "https://shop.example/\x00",
    "https://shop.example/\ud800",
]


@pytest.mark.parametrize(("text", "kept"), GOOD.items())
def test_addresses_are_kept_as_links_can_hold_them(text, kept):
    assert clean_url(text) == kept


@pytest.mark.parametrize("text", BAD)
def test_only_addresses_of_the_web_are_taken(text):
    with pytest.raises(BadValue, match="is not an address that begins with http:// or https://"):
        clean_url(text)


@pytest.mark.parametrize("text", ["javascript:alert(1)", "https://shop.example/" + "x" * 2000])
def test_every_door_refuses_the_same(shop, admin_client, tmp_path, text):
    item = {"sku": "A", "title": "Mug", "url": text}
    assert errors(shop.call("POST", "products/", item)).keys() == {"url"}
    assert shop.call("POST", "products/bulk/", {"products": [item]}).json()["results"][0]["errors"][0]["field"] == "url"
    answer = admin_client.post("/admin/catalog/product/add/", form_data(url=text))
    assert answer.context["adminform"].form.errors.keys() == {"url"}
    content = f"sku,title,url\nA,Mug,{text}\n"
    file = File(content=content)
    check_case(Case(name="url", files=[file], rejected={2: "url"}, refused="no product could be loaded"), tmp_path)
    assert not Product.objects.exists()


def test_the_admin_keeps_an_address(admin_client):
    admin_client.post("/admin/catalog/product/add/", form_data(url="https://shop.example/mug 1", list_price="9.9000"))
    product = Product.objects.get()
    assert (product.url, product.list_price) == ("https://shop.example/mug%201", Decimal("9.90"))


def test_the_database_keeps_nothing_that_a_browser_would_run():
    product = ProductFactory()
    with pytest.raises(IntegrityError, match="url_of_the_web"):
        Product.objects.filter(pk=product.pk).update(url="javascript:alert(1)")


def test_a_product_answers_the_shops_page_where_one_is_known():
    ProductFactory(sku="A", url="https://shop.example/a")
    ProductFactory(sku="B")
    answer = ApiClient().call("GET", "products/").json()
    assert [product["url"] for product in answer["results"]] == [
        "https://shop.example/a",
        "http://testserver/products/B/",
    ]


def test_another_hosts_page_of_the_same_name_is_the_shops(shop):
    url = "https://shop.example/products/A/"
    assert shop.call("PUT", "products/A/", {"title": "Mug", "url": url}).json()["url"] == url
    assert Product.objects.get().url == url
