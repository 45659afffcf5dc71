"""Reading products: filters, orders, pages, sparse answers, conditional requests."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from tests.api.callers import errors, picture_bytes, problem, skus


@pytest.fixture
def shelf(make_product):
    """Six products that every filter splits in another way."""
    make_product("A", brand="Norr", category="Decor/Vases", price="10.00", stock=0, collection="spring")
    make_product("B", brand="Norr", category="Decor/Vases/Small", price="20.00", stock=5, variant_group="bud")
    make_product("C", brand="Sol", category="Decor", price="30.00", stock=None, variant_group="bud")
    make_product("D", brand="Sol, Luna", category="Decorative", price=None, collection="spring")
    make_product("E", category="Kitchen", price="20.00")
    make_product("F", is_active=False, price="1.00")


def test_a_product_is_answered_in_full(anyone, make_product):
    product = make_product(
        "VAS-1",
        title="Vase",
        description="Blue.",
        translations={"zh": {"title": "花瓶"}},
        brand="Norr",
        category="Decor/Vases",
        price=Decimal("24.00"),
        list_price=Decimal("30.00"),
        currency="EUR",
        stock=3,
        attributes={"colour": "blue"},
        variant_group="vase",
        collection="spring",
    )
    image = product.images.create(file=ContentFile(picture_bytes(), name="x.png"), position=0)
    root = "http://testserver"
    sized = {w: f"{root}/images/{image.sha256}/{w}.webp" for w in ("160", "320", "640")}
    assert anyone.call("GET", "products/VAS-1/").json() == {
        "sku": "VAS-1",
        "title": "Vase",
        "description": "Blue.",
        "translations": {"zh": {"title": "花瓶"}},
        "brand": "Norr",
        "category": "Decor/Vases",
        "price": "24.00",
        "list_price": "30.00",
        "on_sale": True,
        "currency": "EUR",
        "stock": 3,
        "in_stock": True,
        "attributes": {"colour": "blue"},
        "variant_group": "vase",
        "collection": "spring",
        "is_active": True,
        "url": f"{root}/products/VAS-1/",
        "image_url": sized["640"],
        "images": [
            {
                "id": image.pk,
                "url": f"{root}/media/products/{image.sha256[:2]}/{image.sha256}.png",
                "sizes": sized,
                "width": 40,
                "height": 30,
                "position": 0,
                "sha256": image.sha256,
                "source_url": "",
            }
        ],
        "audio": [],
        "colours": [],
        "picture_colours": {},
        "created_at": product.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": product.updated_at.isoformat().replace("+00:00", "Z"),
    }


def test_a_product_without_anything_optional_is_answered_with_nulls_and_empties(anyone, make_product):
    make_product("BARE", title="Bare")
    answer = anyone.call("GET", "products/BARE/").json()
    assert {name: answer[name] for name in ("category", "price", "stock", "image_url", "images", "brand")} == {
        "category": None,
        "price": None,
        "stock": None,
        "image_url": None,
        "images": [],
        "brand": "",
    }
    assert answer["in_stock"] is True


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "ABCDE"),
        ("category=Decor", "ABC"),  # the subtree, and not Decorative
        ("category=Decor/Vases", "AB"),
        ("category= Decor // Vases ", "AB"),
        ("category=Nowhere", ""),
        ("brand=Norr", "AB"),
        ("brand=Norr&brand=Sol", "ABC"),
        ("brand=Sol, Luna", "D"),
        ("price_min=20", "BCE"),
        ("price_max=20.00", "ABE"),
        ("price_min=20&price_max=20", "BE"),
        ("in_stock=true", "BCDE"),
        ("in_stock=false", "A"),
        ("collection=spring", "AD"),
        ("variant_group=bud", "BC"),
        ("variant_group=bud&in_stock=true&price_min=25", "C"),
        ("sku=A&sku=E&sku=NONE", "AE"),
        ("ordering=-sku", "EDCBA"),
        ("ordering=price", "ABECD"),  # ties by primary key, no price last
        ("ordering=-price", "CEBAD"),
        ("is_active=false", ""),
    ],
)
def test_filters_and_orders(anyone, shelf, query, expected):
    assert "".join(skus(anyone.call("GET", f"products/?{query}"))) == expected


def test_products_created_since_a_moment(anyone, make_product):
    for sku, day in (("OLD", 1), ("NEW", 2)):
        make_product(sku)
        Product.objects.filter(sku=sku).update(created_at=datetime(2026, 3, day, tzinfo=UTC))
    assert skus(anyone.call("GET", "products/?created_since=2026-03-02T00:00:00Z")) == ["NEW"]
    assert skus(anyone.call("GET", "products/?created_since=2026-03-01")) == ["NEW", "OLD"]


@pytest.mark.parametrize("ordering", ["sku", "-sku", "title", "price", "-price", "created_at", "-updated_at"])
def test_pages_joined_are_the_whole_list(anyone, shelf, ordering):
    whole = skus(anyone.call("GET", f"products/?ordering={ordering}"))
    joined, cursor, pages = [], "", 0
    while cursor is not None:
        answer = anyone.call("GET", f"products/?ordering={ordering}&page_size=2{cursor and f'&cursor={cursor}'}")
        joined += skus(answer)
        cursor = answer.json()["next"]
        pages += 1
    assert (joined, pages) == (whole, 3)


@pytest.mark.parametrize(("ordering", "expected"), [("price", ["CA", "BD", "E"]), ("-price", ["CE", "DB", "A"])])
def test_pages_among_products_without_a_price_repeat_and_lose_none(anyone, make_product, ordering, expected):
    for sku in "ABCDE":
        make_product(sku, price="5.00" if sku == "C" else None)
    pages, cursor = [], ""
    for _ in expected:
        answer = anyone.call("GET", f"products/?ordering={ordering}&page_size=2{cursor and f'&cursor={cursor}'}")
        pages.append("".join(skus(answer)))
        cursor = answer.json()["next"]
    assert (pages, cursor) == (expected, None)


@pytest.mark.parametrize("letter", ["花", "🌷", '"'])
def test_the_longest_title_fits_into_a_cursor(anyone, make_product, letter):
    for number in "12":
        make_product(number, title=letter * 499 + number)
    cursor = anyone.call("GET", "products/?ordering=title&page_size=1").json()["next"]
    assert len(cursor) < 3000
    assert skus(anyone.call("GET", f"products/?ordering=title&page_size=1&cursor={cursor}")) == ["2"]


def test_a_page_stays_whole_when_products_before_it_vanish(anyone, shelf):
    first = anyone.call("GET", "products/?page_size=2")
    assert skus(first) == ["A", "B"]
    Product.objects.filter(sku__in=["A", "B"]).delete()
    assert skus(anyone.call("GET", f"products/?page_size=2&cursor={first.json()['next']}")) == ["C", "D"]


def test_the_count_is_of_all_that_match(anyone, shelf):
    answer = anyone.call("GET", "products/?category=Decor&page_size=1&count=true").json()
    assert (answer["count"], len(answer["results"])) == (3, 1)
    assert "count" not in anyone.call("GET", "products/").json()


def test_sparse_answers_hold_the_sku_and_the_named_fields_in_the_usual_order(anyone, shelf):
    assert anyone.call("GET", "products/A/?fields=price,brand").json() == {
        "sku": "A",
        "brand": "Norr",
        "price": "10.00",
    }
    assert anyone.call("GET", "products/?fields=sku&page_size=2").json()["results"] == [{"sku": "A"}, {"sku": "B"}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("color=red", {"color": "unknown_parameter"}),
        ("pricemin=3&brnd=x", {"pricemin": "unknown_parameter", "brnd": "unknown_parameter"}),
        ("price_min=cheap", {"price_min": "invalid"}),
        ("price_min=-1", {"price_min": "min_value"}),
        ("price_min=NaN", {"price_min": "invalid"}),
        ("in_stock=perhaps", {"in_stock": "invalid"}),
        ("page_size=0", {"page_size": "min_value"}),
        ("page_size=101", {"page_size": "max_value"}),
        ("ordering=stock", {"ordering": "invalid_choice"}),
        ("fields=sku,colour", {"fields": "unknown_field"}),
        ("cursor=nonsense", {"cursor": "invalid"}),
        ("cursor=WyJza3UiLCAiXHVkODAwIiwgMV0", {"cursor": "invalid"}),  # half of a surrogate pair
        ("price_min=1&price_min=2", {"price_min": "repeated_parameter"}),
        ("created_since=yesterday", {"created_since": "invalid"}),
        ("category=%00", {"category.0": "null_characters_not_allowed"}),
        ("sku=" + "&sku=".join("X" * 101), {"sku": "max_length"}),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(anyone, query, expected):
    assert errors(anyone.call("GET", f"products/?{query}")) == expected


def test_fields_may_be_repeated_as_some_generated_clients_do(anyone, shelf):
    assert anyone.call("GET", "products/A/?fields=price&fields=brand").json() == {
        "sku": "A",
        "brand": "Norr",
        "price": "10.00",
    }


def test_an_unknown_parameter_is_answered_with_the_one_that_was_meant(anyone):
    [error] = problem(anyone.call("GET", "products/?pricemin=3"))["errors"]
    assert error["detail"] == "Unknown parameter. Did you mean price_min?"


def test_a_cursor_of_another_order_is_refused(anyone, shelf):
    cursor = anyone.call("GET", "products/?page_size=1&ordering=price").json()["next"]
    assert errors(anyone.call("GET", f"products/?page_size=1&cursor={cursor}")) == {"cursor": "invalid"}


def test_what_is_not_for_sale_is_seen_by_those_who_may_write(anyone, app, shop, shelf):
    assert anyone.call("GET", "products/F/").status_code == 404
    assert app.call("GET", "products/F/").status_code == 404
    assert shop.call("GET", "products/F/").json()["is_active"] is False
    assert skus(shop.call("GET", "products/?is_active=false")) == ["F"]


def test_an_unknown_sku_is_not_found(anyone, db):
    assert problem(anyone.call("GET", "products/NONE/"))["status"] == 404


@pytest.mark.parametrize(
    "sku",
    [
        "a b",
        "ÄÖ-é",
        "花瓶",
        "50%",
        "a+b",
        "a?b#c",
        "a&b=c",
        "'; DROP",
        "a.b",
        "bulk2",
        "😀",
        "A/B",
        "a/b/c",
        "images/1",
    ],
)
def test_odd_skus_work_in_urls(anyone, make_product, sku):
    make_product(sku)
    answer = anyone.call("GET", f"products/{quote(sku, safe='')}/")
    assert answer.json()["sku"] == sku
    assert anyone.get(answer.json()["url"].removeprefix("http://testserver")).status_code == 200


@pytest.mark.parametrize("path", ["products/%00/", "products/a%0Ab/", f"products/{'x' * 101}/"])
def test_what_can_be_no_sku_is_not_found(anyone, path):
    assert problem(anyone.call("GET", path))["status"] == 404


def test_an_answer_that_has_not_changed_is_not_sent_again(anyone, make_product):
    product = make_product("A")
    first = anyone.call("GET", "products/A/")
    again = anyone.call("GET", "products/A/", If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    product.title = "Other"
    product.save()
    changed = anyone.call("GET", "products/A/", If_None_Match=first["ETag"])
    assert (changed.status_code, changed.json()["title"]) == (200, "Other")


def test_answers_say_how_they_may_be_cached(anyone, app, make_product):
    make_product("A")
    assert anyone.call("GET", "products/A/")["Cache-Control"] == "no-cache"
    assert app.call("GET", "products/A/")["Cache-Control"] == "private, no-cache"
    assert anyone.call("GET", "products/B/")["Cache-Control"] == "no-store"
    assert {"Authorization", "X-Api-Key"} <= set(anyone.call("GET", "products/A/")["Vary"].split(", "))


@pytest.mark.parametrize(
    ("path", "anonymous", "with_key"),
    [
        ("products/", 3, 5),
        ("products/?count=true&category=Decor", 5, 7),  # one asks which categories are below
        ("products/?fields=sku,title", 1, 3),
        ("products/A/", 3, 5),
        ("products/A/?fields=sku", 1, 3),
        ("products/A/images/", 3, 5),
    ],
)
def test_the_number_of_queries_is_fixed(anyone, app, shelf, path, anonymous, with_key):
    for product in Product.objects.all():
        for colour in ("red", "blue"):
            product.images.create(file=ContentFile(picture_bytes(colour), name="x.png"))
    for caller, expected in ((anyone, anonymous), (app, with_key), (app, with_key - 1)):  # last use is written once
        with CaptureQueriesContext(connection) as queries:
            assert caller.call("GET", path).status_code == 200
        assert len(queries) == expected, [query["sql"][:120] for query in queries]
