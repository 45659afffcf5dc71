"""Saleor's products arrive by the same class: swept over GraphQL, and one by one as its webhook says."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.test import RequestFactory

pytest.importorskip("jwt", reason="PyJWT[crypto] is not installed: pip install -r requirements-dev.txt")
pytest.importorskip("graphql", reason="graphql-core is not installed: pip install -r requirements-dev.txt")

from saleor_server import SaleorServer, make_product, sign_with_secret

from examples.saleor import PRODUCTS, saleor_webhook
from kindred_django.delivery import deliver_queued
from kindred_django.models import Mirrored, Outgoing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def saleor(kindred, settings, override):
    server = SaleorServer()
    settings.SALEOR = {
        "URL": server.url, "CHANNEL": "default-channel", "STOREFRONT": "https://shop.example/products/{slug}",
    }  # fmt: skip
    override(SOURCES=["examples.saleor.SaleorProducts"])
    yield server
    server.close()


def fill(saleor, count):
    saleor.products = {product["id"]: product for product in (make_product(number) for number in range(count))}


def post(body, signature):
    request = RequestFactory().post("/saleor/", body, "application/json", headers={"Saleor-Signature": signature})
    return saleor_webhook(request).status_code


def sync():
    out = io.StringIO()
    call_command("kindred_sync", stdout=out)
    return out.getvalue()


def test_a_product_arrives_with_what_saleor_says_of_it(saleor, kindred):
    fill(saleor, 1)
    sync()
    assert kindred.products == {
        "juice-0": {
            "sku": "juice-0", "title": "Juice 0", "description": "Pressed.\nCold\nFresh", "category": "Drinks/Juices",
            "price": "3.5", "list_price": "5.0", "currency": "USD", "stock": 7, "attributes": {"Flavour": "Apple"},
            "url": "https://shop.example/products/juice-0",
        }
    }  # fmt: skip
    assert kindred.images == {"juice-0": ["https://m.example/1.png"]}


def test_a_product_without_prices_pictures_and_stock_arrives_too(saleor, kindred):
    bare = {"description": None, "category": None, "pricing": None, "attributes": [], "variants": [], "media": []}
    saleor.products = {"A": make_product(1, **bare)}
    sync()
    assert kindred.products["juice-1"] == {
        "sku": "juice-1", "title": "Juice 1", "description": "", "category": None, "price": None, "list_price": None,
        "currency": "", "stock": None, "attributes": {}, "url": "https://shop.example/products/juice-1",
    }  # fmt: skip


def test_pages_of_a_hundred_are_read_to_the_end_and_what_is_gone_is_deleted(saleor, kindred):
    fill(saleor, 230)
    assert sync().startswith("230 looked at, 230 sent")
    assert [(asked["first"], asked["after"]) for asked in saleor.asked[:3]] == [(100, None), (100, "100"), (100, "200")]
    saleor.products.pop(make_product(7)["id"])
    assert sync().startswith("229 looked at, 0 sent, 1 deleted")
    assert "juice-7" not in kindred.products


@pytest.mark.parametrize("secret", ["", "s3cret"])
def test_a_webhook_that_saleor_signed_sends_the_product_it_is_about(saleor, kindred, settings, secret):
    settings.SALEOR["SECRET"] = secret
    fill(saleor, 3)
    sync()
    changed, gone = make_product(1)["id"], make_product(2)["id"]
    saleor.products[changed]["name"] = "Renamed"
    del saleor.products[gone]
    for event in ({"productVariant": {"product": {"id": changed}}}, {"product": {"id": gone}}):
        body = json.dumps(event).encode()
        assert post(body, sign_with_secret(body, secret) if secret else saleor.sign(body)) == 202
    counts = deliver_queued()
    assert (counts.sent, counts.deleted) == (1, 1)
    assert {sku: product["title"] for sku, product in kindred.products.items()} == {
        "juice-0": "Juice 0",
        "juice-1": "Renamed",
    }


@pytest.mark.parametrize("secret", ["", "s3cret"])
@pytest.mark.parametrize("forged", ["", "x", "a..b", "é", "of another body"])
def test_a_webhook_that_is_not_saleors_is_refused(saleor, settings, secret, forged):
    settings.SALEOR["SECRET"] = secret
    body = b'{"product": {"id": "UHJvZHVjdDox"}}'
    if forged == "of another body":
        forged = sign_with_secret(body + b" ", "s3cret") if secret else saleor.sign(body + b" ")
    assert post(body, forged) == 401
    assert not Outgoing.objects.exists()


def test_saleor_that_is_down_loses_nothing_and_deletes_nothing(saleor, kindred):
    fill(saleor, 2)
    sync()
    saleor.status = 503
    with pytest.raises(CommandError, match=r"Saleor does not answer \(HTTPStatusError\).* Nothing is lost"):
        sync()
    assert Mirrored.objects.count() == 2
    saleor.status = 200
    assert sync() == "2 looked at, 0 sent, 0 deleted, 0 refused.\n"


def test_a_page_of_a_proxy_in_place_of_saleor_loses_nothing(saleor, kindred):
    fill(saleor, 2)
    saleor.page = "<h1>Back soon</h1>"
    with pytest.raises(CommandError, match=r"Saleor does not answer \(JSONDecodeError\).* Nothing is lost"):
        sync()


def test_what_saleor_does_not_answer_is_said(saleor, settings):
    settings.SALEOR["CHANNEL"] = "no-channel"
    with pytest.raises(CommandError, match="Saleor does not list its products: You need to provide a channel"):
        sync()
    assert "channel: $channel" in PRODUCTS
