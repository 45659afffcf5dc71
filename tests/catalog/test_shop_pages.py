"""The page that the shop itself has of a product: what is taken for one, whichever door it comes through."""

from __future__ import annotations

import re
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
    "https://müller.example/tür?utm_source=a&x=%20#1": "https://müller.example/tür?utm_source=a&x=%20#1",
    "https://花瓶.example/": "https://花瓶.example/",
    "https://xn--mller-kva.example./": "https://xn--mller-kva.example./",
    "http://localhost:8000/a@b:c": "http://localhost:8000/a@b:c",
    "\u200b\ufeffhttps://shop.example/vase\u200b\n": "https://shop.example/vase",
    "https://shop.example/a\u3000b\u00a0c": "https://shop.example/a%20b%20c",
    "": "",
}
NO_ADDRESS = "is not an address that begins with http:// or https://"
CONTROL = "holds a character that no address has"
CREDENTIALS = "holds a name or password, which visitors would see: leave out what is before @"
NO_HOST = "names no host as addresses have it"
BAD = {
    "javascript:alert(1)": NO_ADDRESS,
    "JavaScript:alert(1)": NO_ADDRESS,
    "data:text/html,x": NO_ADDRESS,
    "vbscript:x": NO_ADDRESS,
    "ftp://shop.example/": NO_ADDRESS,
    "file:///etc/passwd": NO_ADDRESS,
    "//shop.example/vase": NO_ADDRESS,
    "shop.example/vase": NO_ADDRESS,
    "/vase": NO_ADDRESS,
    "https:shop.example/vase": NO_ADDRESS,
    "https://": NO_ADDRESS,
    "https:///vase": NO_ADDRESS,
    "https://shop.example:no/": NO_ADDRESS,
    "https://[::1/": NO_ADDRESS,
    "https://shop.example/a\nb": CONTROL,
    "https://shop.example/a\tb": CONTROL,
    "java\nscript:alert(1)": CONTROL,
    "https://shop.example/\x00": CONTROL,
    "https://shop.example/\x9f": CONTROL,
    "https://shop.example/\ud800": CONTROL,
    "https://anna@shop.example/": CREDENTIALS,
    "https://anna:secret@shop.example/": CREDENTIALS,
    "https://shop.example@evil.example/": CREDENTIALS,
    "https://shop.example\\@evil.example/": CREDENTIALS,
    "https://shop example/": NO_HOST,
    "https://evil.example\\.shop.example/": NO_HOST,
    "https://-shop.example/": NO_HOST,
    "https://shop..example/": NO_HOST,
    "https://xn--\u2488com/": NO_HOST,
    "https://" + "a." * 130 + "example/": NO_HOST,
}


@pytest.mark.parametrize(("text", "kept"), GOOD.items())
def test_addresses_are_kept_as_links_can_hold_them(text, kept):
    assert clean_url(text) == kept


@pytest.mark.parametrize(("text", "reason"), BAD.items())
def test_only_addresses_of_the_web_are_taken_and_others_are_told_why_not(text, reason):
    with pytest.raises(BadValue, match=re.escape(reason)):
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
