"""Every failure under /api/ is a problem document, also those that Django itself answers."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.rest import products
from tests.api.callers import ApiClient, problem


def test_a_problem_document_in_full(anyone):
    assert problem(anyone.call("GET", "products/?page_size=x")) == {
        "type": "urn:kindred:problem:invalid",
        "title": "Bad Request",
        "status": 400,
        "detail": "Some values are not valid: see errors.",
        "instance": "/api/v1/products/",
        "code": "invalid",
        "errors": [{"field": "page_size", "code": "invalid", "detail": "A valid integer is required."}],
    }


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v2/products/"])
@pytest.mark.parametrize("debug", [False, True])
def test_unknown_addresses(anyone, settings, path, debug):
    settings.DEBUG = debug
    assert problem(anyone.get(path)) == {
        "type": "urn:kindred:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address. All routes are listed at /api/v1/docs/ and end in a slash.",
        "instance": path,
        "code": "not_found",
    }


def test_pages_keep_their_own_errors(anyone):
    answer = anyone.get("/nothing/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_methods_that_an_address_does_not_know(shop):
    answer = shop.call("DELETE", "products/")
    assert (problem(answer)["status"], answer["Allow"]) == (405, "GET, POST, HEAD, OPTIONS")


def test_media_types_that_are_not_offered_or_not_read(shop):
    assert problem(shop.call("GET", "products/", Accept="text/html"))["status"] == 406
    answer = shop.post("/api/v1/products/", "sku=A", content_type="text/plain")
    assert problem(answer)["status"] == 415


@pytest.mark.parametrize("debug", [False, True])
def test_a_crash_says_nothing_about_the_inside(db, settings, monkeypatch, debug, caplog):
    settings.DEBUG = debug

    def crash(*args, **kwargs):
        raise RuntimeError("the password is 1234")

    monkeypatch.setattr(products, "filter_products", crash)
    answer = ApiClient(raise_request_exception=False).call("GET", "products/")
    assert problem(answer) == {
        "type": "urn:kindred:problem:internal_server_error",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "The server failed. It has been logged; try again later.",
        "instance": "/api/v1/products/",
        "code": "internal_server_error",
    }
    assert "the password is 1234" in caplog.text


def test_a_host_that_is_not_ours(db):
    assert problem(Client().get("/api/v1/products/", headers={"Host": "evil.example"}))["status"] == 400


def test_bodies_that_are_too_large(shop, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = shop.call("POST", "products/", {"sku": "A", "title": "x" * 100})
    assert (answer.status_code, problem(answer)["code"]) == (413, "payload_too_large")


def test_a_forgotten_slash_keeps_the_method(shop):
    answer = shop.post("/api/v1/products", {}, content_type="application/json")
    assert (answer.status_code, answer["Location"]) == (308, "/api/v1/products/")
    assert shop.get("/api/v1/products").status_code == 301


def test_failures_keep_their_cors_headers(anyone, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
    for path in ("nothing/", "products/NONE/", "products/"):
        answer = anyone.call("GET", path, Origin="https://shop.example")
        assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Access-Control-Allow-Origin" not in anyone.call("GET", "products/", Origin="https://evil.example")


def test_pages_are_not_shared_with_the_origins_of_the_api(anyone, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
    for path in ("/", "/admin/login/", "/metrics"):
        assert "Access-Control-Allow-Origin" not in anyone.get(path, headers={"Origin": "https://shop.example"})


def test_answers_carry_security_headers(anyone):
    for path in ("products/", "nothing/"):
        answer = anyone.call("GET", path)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_messages_follow_the_readers_language(anyone):
    answer = anyone.call("GET", "products/?page_size=x", Accept_Language="zh-hans")
    [error] = problem(answer)["errors"]
    assert (error["code"], error["detail"]) == ("invalid", "请填写合法的整数值。")
