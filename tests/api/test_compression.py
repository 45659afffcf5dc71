"""Answers in the form that a client takes, and ETags that mean the same in each."""

from __future__ import annotations

import gzip
import json

import brotli
import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from api.compression import CompressionMiddleware, choose_encoding
from api.models import ApiKey
from catalog.models import Product
from tests.api.callers import ApiClient

READ = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.fixture
def products(db) -> None:
    Product.objects.bulk_create(
        Product(sku=f"S{number}", title=f"Oak shelf {number}", description="word " * 40) for number in range(20)
    )


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("br;q=much", None),
        ("identity", None),
        ("", None),
    ],
)
def test_the_first_encoding_that_is_taken_is_chosen(accepted, chosen):
    assert choose_encoding(accepted) == chosen


@pytest.mark.parametrize("path", ["/", "/api/v1/products/", "/api/v1/schema/", "/widgets/kindred.js"])
@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_pages_api_and_script_are_compressed_and_say_so(products, path, encoding):
    plain = Client().get(path)
    answer = Client().get(path, headers={"Accept-Encoding": encoding})
    assert answer["Content-Encoding"] == encoding
    assert int(answer["Content-Length"]) == len(answer.content) < len(plain.content) / 2
    assert "Content-Encoding" not in plain
    assert all("Accept-Encoding" in form["Vary"] for form in (plain, answer))
    if path.startswith(("/api", "/widgets")):
        assert READ[encoding](answer.content) == plain.content
        assert answer["ETag"] == f'{plain["ETag"][:-1]}-{encoding}"'


@pytest.mark.parametrize("path", ["/api/v1/products/", "/widgets/kindred.js"])
def test_whoever_has_either_form_is_told_that_it_is_still_right(products, path):
    forms = [Client().get(path, headers={"Accept-Encoding": accepted})["ETag"] for accepted in ("br", "gzip", "")]
    assert len(set(forms)) == 3
    for form in forms:
        again = Client().get(path, headers={"Accept-Encoding": "br", "If-None-Match": form})
        assert (again.status_code, again["ETag"], again.content) == (304, form, b"")


def test_a_product_that_was_read_compressed_is_written_under_the_condition_that_it_is_the_same(db):
    Product.objects.create(sku="A", title="Oak shelf", description="word " * 400)
    client = ApiClient(headers={"X-Api-Key": ApiKey.objects.issue("shop", scope="secret")[1]})
    read = client.call("GET", "products/A/", Accept_Encoding="br")
    assert read["ETag"].endswith('-br"')
    assert client.call("PATCH", "products/A/", {"brand": "Elm"}, If_Match=read["ETag"]).status_code == 200
    assert client.call("PATCH", "products/A/", {"brand": "Fir"}, If_Match=read["ETag"]).status_code == 412
    assert Product.objects.get().brand == "Elm"


def test_a_refusal_is_compressed_where_it_is_long_and_read_all_the_same(db):
    answer = ApiClient().call("GET", f"products/?category={'x' * 2000}", Accept_Encoding="gzip")
    document = answer.content if "Content-Encoding" not in answer else gzip.decompress(answer.content)
    assert (answer.status_code, json.loads(document)["status"]) == (400, 400)


@pytest.mark.parametrize(
    ("path", "response"),
    [
        ("/", HttpResponse("a" * 1023)),
        ("/", HttpResponse(bytes(5000), content_type="image/webp")),
        ("/", HttpResponse(bytes(5000), headers={"Content-Encoding": "zstd"})),
        ("/admin/", HttpResponse("a" * 5000)),
        ("/", StreamingHttpResponse(["a" * 5000])),
    ],
)
def test_what_is_small_compressed_secret_or_streamed_is_left_as_it_is(path, response):
    before = response.get("Content-Encoding")
    request = RequestFactory().get(path, headers={"Accept-Encoding": "br, gzip"})
    assert CompressionMiddleware(lambda _: response)(request).get("Content-Encoding") == before
