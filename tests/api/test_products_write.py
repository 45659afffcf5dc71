"""Writing products: create, replace, patch, delete, bulk; refusals that leave nothing behind."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Product
from tests.api.callers import ApiClient, errors, problem
from tests.factories import ProductImageFactory

FULL = {
    "sku": "VAS-1",
    "title": "Vase",
    "description": "Blue.",
    "translations": {"zh": {"title": "花瓶"}},
    "brand": "Norr",
    "category": "Decor/Vases",
    "price": "24.00",
    "list_price": "30.00",
    "currency": "EUR",
    "stock": 3,
    "attributes": {"colour": "blue", "sizes": [1, 2.5, None, {"a": True}]},
    "variant_group": "vase",
    "collection": "spring",
    "url": "https://shop.example/vase",
    "is_active": False,
}


def stored(sku: str) -> dict:
    product = Product.objects.select_related("category").get(sku=sku)
    values = {name: getattr(product, name) for name in FULL}
    return values | {"category": product.category and product.category.path}


def test_a_product_is_created_with_all_it_was_given(shop):
    answer = shop.call("POST", "products/", FULL)
    assert answer.status_code == 201
    assert answer["Location"] == "http://testserver/api/v1/products/VAS-1/"
    assert {name: answer.json()[name] for name in FULL} == FULL
    assert stored("VAS-1") == FULL | {"price": Decimal("24.00"), "list_price": Decimal("30.00")}


def test_only_sku_and_title_are_required(shop):
    assert errors(shop.call("POST", "products/", {})) == {"sku": "required", "title": "required"}
    assert shop.call("POST", "products/", {"sku": "A", "title": "a"}).status_code == 201
    assert stored("A") == {
        "sku": "A",
        "title": "a",
        "description": "",
        "translations": {},
        "brand": "",
        "category": None,
        "price": None,
        "list_price": None,
        "currency": "",
        "stock": None,
        "attributes": {},
        "variant_group": "",
        "collection": "",
        "url": "",
        "is_active": True,
    }


def test_creating_what_exists_is_a_conflict_and_changes_nothing(shop, make_product):
    make_product("A", title="First")
    answer = shop.call("POST", "products/", {"sku": "A", "title": "Second"})
    assert (answer.status_code, problem(answer)["code"]) == (409, "conflict")
    assert stored("A")["title"] == "First"


def test_put_makes_then_replaces_then_changes_nothing(shop, make_product):
    assert shop.call("PUT", "products/VAS-1/", FULL).status_code == 201
    assert shop.call("PUT", "products/VAS-1/", {"title": "Bare"}).status_code == 200
    assert stored("VAS-1")["title"] == "Bare"
    assert stored("VAS-1")["attributes"] == {}
    assert stored("VAS-1")["category"] is None
    before = Product.objects.get(sku="VAS-1").updated_at
    assert shop.call("PUT", "products/VAS-1/", {"title": "Bare"}).status_code == 200
    assert Product.objects.get(sku="VAS-1").updated_at == before


def test_patch_changes_what_it_names(shop):
    shop.call("POST", "products/", FULL)
    answer = shop.call("PATCH", "products/VAS-1/", {"price": "19.50", "category": None})
    assert answer.status_code == 200
    prices = {"price": Decimal("19.50"), "list_price": Decimal("30.00")}
    assert stored("VAS-1") == FULL | prices | {"category": None}


def test_patch_does_not_make_products(shop):
    assert problem(shop.call("PATCH", "products/NEW/", {"title": "x"}))["status"] == 404
    assert not Product.objects.exists()


def test_what_was_read_can_be_sent_back(shop, make_product):
    make_product("A", category="Decor", price="1.00")
    answer = shop.call("GET", "products/A/").json()
    assert shop.call("PUT", "products/A/", answer).json() == answer
    assert shop.call("POST", "products/bulk/", {"products": [answer]}).json()["unchanged"] == 1
    assert Product.objects.get().url == ""  # the page that was read is ours


def test_a_sku_cannot_be_changed(shop, make_product):
    make_product("A")
    assert errors(shop.call("PATCH", "products/A/", {"sku": "B"})) == {"sku": "invalid"}
    assert list(Product.objects.values_list("sku", flat=True)) == ["A"]


def test_a_deleted_product_is_gone(shop, make_product):
    make_product("A")
    assert shop.call("DELETE", "products/A/").status_code == 204
    assert problem(shop.call("DELETE", "products/A/"))["status"] == 404
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"title": ""}, {"title": "blank"}),
        ({"title": None}, {"title": "null"}),
        ({"title": "x" * 501}, {"title": "max_length"}),
        ({"tittle": "x"}, {"tittle": "unknown_field"}),
        ({"price": "-1"}, {"price": "min_value"}),
        ({"price": "1.234"}, {"price": "max_decimal_places"}),
        ({"price": "1e30"}, {"price": "invalid"}),
        ({"price": "NaN"}, {"price": "invalid"}),
        ({"currency": "e1"}, {"currency": "invalid"}),
        ({"stock": -1}, {"stock": "min_value"}),
        ({"stock": 2**31}, {"stock": "max_value"}),
        ({"attributes": [1]}, {"attributes": "not_an_object"}),
        ({"attributes": {"a": "\x00"}}, {"attributes": "bad_character"}),
        ({"translations": {"Chinese!": {}}}, {"translations": "bad_language"}),
        ({"translations": {"zh": {"title": 5, "description": []}}}, {"translations.zh.description": "invalid"}),
        ({"category": "x" * 201}, {"category": "max_length"}),
        ({"sku": ".."}, {"sku": "invalid"}),
        ({"sku": "a\nb"}, {"sku": "invalid"}),
        ({"sku": "x" * 101}, {"sku": "max_length"}),
    ],
)
def test_values_that_are_not_valid_are_refused_by_field(shop, values, expected):
    assert errors(shop.call("POST", "products/", {"sku": "A", "title": "a"} | values)) == expected
    assert not Product.objects.exists()
    assert not Category.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"sku": "A", "title": NaN}',
        b'{"sku": "A", "title": "a", "attributes": {"a": 1e999}}',
        b'{"sku": "A", "title": "a", "attributes": ' + b'{"a":' * 25 + b"1" + b"}" * 25 + b"}",
        b'{"sku": "A", "title": "a", "attributes": {"\\ud800": 1}}',
        b"[" * 200_000,
    ],
)
def test_bodies_that_are_no_products_are_refused(shop, body):
    answer = shop.generic("POST", "/api/v1/products/", body, content_type="application/json")
    assert problem(answer)["status"] == 400
    assert not Product.objects.exists()


def test_html_becomes_text_as_in_imports(shop):
    shop.call("PUT", "products/A/", {"title": "Cup &amp; saucer", "description": "<p>One</p><p>Two <b>b</b></p>"})
    assert (stored("A")["title"], stored("A")["description"]) == ("Cup & saucer", "One\nTwo b")


def test_a_change_of_what_has_changed_is_refused(shop, make_product):
    product = make_product("A", title="One")
    read = shop.call("GET", "products/A/")
    product.title = "Two"
    product.save()
    for method, body in (("PUT", {"title": "x"}), ("PATCH", {"title": "x"}), ("DELETE", None)):
        answer = shop.call(method, "products/A/", body, If_Match=read["ETag"])
        assert (answer.status_code, problem(answer)["code"]) == (412, "precondition_failed")
    assert stored("A")["title"] == "Two"
    fresh = shop.call("GET", "products/A/")["ETag"]
    written = shop.call("PATCH", "products/A/", {"title": "Three"}, If_Match=fresh)
    assert written.status_code == 200
    assert written["ETag"] == shop.call("GET", "products/A/")["ETag"]


def test_two_clients_that_change_what_both_have_read_lose_nothing(shop, make_product):
    make_product("A", title="Mug", stock=5)
    tills = [shop.call("GET", "products/A/") for _ in range(2)]
    sold = [
        shop.call("PATCH", "products/A/", {"stock": read.json()["stock"] - 1}, If_Match=read["ETag"]) for read in tills
    ]
    assert [answer.status_code for answer in sold] == [200, 412]
    again = shop.call("GET", "products/A/")
    shop.call("PATCH", "products/A/", {"stock": again.json()["stock"] - 1}, If_Match=again["ETag"])
    assert stored("A")["stock"] == 3


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("sent", ["33a64df5", '"half', "", "W/", '"a" "b"', '"a",', "*, *"])
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_condition_that_cannot_be_read_is_refused_and_nothing_is_written(shop, make_product, method, sent, header):
    make_product("A", title="One")
    body = None if method == "DELETE" else {"title": "Two"}
    answer = shop.call(method, "products/A/", body, **{header.replace("-", "_"): sent})
    assert (answer.status_code, problem(answer)["errors"][0]["field"]) == (400, header)
    assert stored("A")["title"] == "One"


def test_a_condition_may_name_several_etags_and_one_that_compression_has_weakened(shop, make_product):
    make_product("A", title="One")
    tag = shop.call("GET", "products/A/")["ETag"]
    assert shop.call("PATCH", "products/A/", {"title": "Two"}, If_Match=f'"old", W/{tag}').status_code == 200
    assert shop.call("PATCH", "products/A/", {"title": "Three"}, If_Match=f'"old", W/{tag}').status_code == 412
    assert stored("A")["title"] == "Two"


def test_an_etag_is_the_same_by_whatever_host_the_product_is_read(shop, make_product, settings):
    settings.ALLOWED_HOSTS = ["shop.example", "internal", "testserver"]
    product = make_product("A", title="One")
    ProductImageFactory(product=product)
    reads = [shop.call("GET", "products/A/", Host=host) for host in ("shop.example", "internal")]
    assert [read.json()["image_url"].split("/")[2] for read in reads] == ["shop.example", "internal"]
    assert reads[0]["ETag"] == reads[1]["ETag"]
    answer = shop.call("PATCH", "products/A/", {"title": "Two"}, If_Match=reads[0]["ETag"], Host="internal")
    assert answer.status_code == 200


def test_the_etag_of_a_sparse_read_vouches_for_nothing_that_was_not_read(shop, make_product):
    make_product("A", title="One", description="Long.")
    tag = shop.call("GET", "products/A/?fields=sku,title")["ETag"]
    assert tag.startswith('"sparse-')
    answer = shop.call("PUT", "products/A/", {"title": "Two"}, If_Match=tag)
    assert (answer.status_code, problem(answer)["detail"][:38]) == (412, "This ETag is of a read with `fields`, ")
    assert stored("A")["description"] == "Long."


def test_put_with_if_none_match_only_makes(shop, make_product):
    assert shop.call("PUT", "products/A/", {"title": "a"}, If_None_Match="*").status_code == 201
    assert shop.call("PUT", "products/A/", {"title": "b"}, If_None_Match="*").status_code == 412
    assert shop.call("PUT", "products/B/", {"title": "b"}, If_Match="*").status_code == 412
    assert list(Product.objects.values_list("sku", "title")) == [("A", "a")]


def test_put_with_if_none_match_of_what_is_stored_is_refused(shop, make_product):
    make_product("A", title="One")
    tag = shop.call("GET", "products/A/")["ETag"]
    assert shop.call("PUT", "products/A/", {"title": "Two"}, If_None_Match=tag).status_code == 412
    assert shop.call("PUT", "products/A/", {"title": "Two"}, If_None_Match='"another"').status_code == 200


def test_bulk_says_what_became_of_each_and_good_items_land(shop, make_product):
    make_product("OLD", title="Old", price="5.00", brand="Norr")
    make_product("SAME", title="Same")
    answer = shop.call(
        "POST",
        "products/bulk/",
        {
            "products": [
                {"sku": "NEW", "title": "New", "category": "A/B"},
                {"sku": "OLD", "price": "6.00"},
                {"sku": "SAME", "title": "Same"},
                {"sku": "BAD", "title": "Bad", "price": "free"},
                {"sku": "UNTITLED", "brand": "x"},
                {"title": "No sku"},
                {"sku": "TWICE", "title": "One"},
                {"sku": "TWICE", "title": "Two"},
                {"sku": 7, "title": "Seven"},
                {"sku": "N\x00L", "title": "Nul"},
            ]
        },
    )
    assert answer.status_code == 200
    body = answer.json()
    assert {name: body[name] for name in ("created", "updated", "unchanged", "rejected")} == {
        "created": 2,
        "updated": 1,
        "unchanged": 1,
        "rejected": 6,
    }
    said = [
        (item["index"], item["sku"], item["outcome"], [error["field"] for error in item["errors"]])
        for item in body["results"]
    ]
    assert said == [
        (0, "NEW", "created", []),
        (1, "OLD", "updated", []),
        (2, "SAME", "unchanged", []),
        (3, "BAD", "rejected", ["price"]),
        (4, "UNTITLED", "rejected", ["title"]),
        (5, None, "rejected", ["sku"]),
        (6, "TWICE", "rejected", ["sku"]),
        (7, "TWICE", "rejected", ["sku"]),
        (8, "7", "created", []),
        (9, "N\x00L", "rejected", ["sku", "sku"]),
    ]
    assert stored("OLD")["price"] == Decimal("6.00")
    assert stored("OLD")["brand"] == "Norr"
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["7", "NEW", "OLD", "SAME"]


def test_a_repeated_bulk_changes_nothing(shop):
    items = [{"sku": f"S{n}", "title": f"T{n}", "category": "A"} for n in range(250)]
    assert shop.call("POST", "products/bulk/", {"products": items}).json()["created"] == 250
    moments = list(Product.objects.order_by("pk").values_list("updated_at", flat=True))
    assert shop.call("POST", "products/bulk/", {"products": items}).json()["unchanged"] == 250
    assert list(Product.objects.order_by("pk").values_list("updated_at", flat=True)) == moments


def test_bulk_is_bounded(shop):
    too_many = [{"sku": str(n), "title": "x"} for n in range(1001)]
    assert errors(shop.call("POST", "products/bulk/", {"products": too_many})) == {"products": "max_length"}
    assert errors(shop.call("POST", "products/bulk/", {"products": []})) == {"products": "min_length"}
    assert errors(shop.call("POST", "products/bulk/", {"products": [1]})) == {"products.0": "not_a_dict"}
    assert not Product.objects.exists()


def test_an_unchanged_bulk_reads_each_chunk_with_one_query(shop):
    items = [{"sku": f"S{n}", "title": "T"} for n in range(400)]
    shop.call("POST", "products/bulk/", {"products": items})
    with CaptureQueriesContext(connection) as queries:
        shop.call("POST", "products/bulk/", {"products": items})
    reads = [query for query in queries if "FROM catalog_product" in query["sql"]]
    assert len(reads) == 2


@pytest.mark.django_db(transaction=True)
def test_two_upserts_of_the_same_products_at_once_both_succeed(shop):
    items = [{"sku": f"S{n}", "title": f"T{n}", "category": f"C{n % 3}"} for n in range(60)]
    answers: list = []

    def send(products: list) -> None:
        try:
            caller = ApiClient(**shop.defaults)
            answers.append(caller.call("POST", "products/bulk/", {"products": products}).json())
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(order,)) for order in (items, items[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Product.objects.count() == 60
    assert sum(answer["created"] for answer in answers) == 60
    assert all(answer["created"] + answer["unchanged"] + answer["rejected"] == 60 for answer in answers)
