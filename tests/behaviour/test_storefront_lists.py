"""Bundles, and the lists of front page and cart: what is in them, what they say of themselves, what they cost."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from behaviour.storefront import lists
from behaviour.storefront.bundle import make_bundle_of
from catalog.models import Product
from recommendations.visitors import Visitor
from tests.behaviour.version_rows import add_version
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> dict[str, Product]:
    made = [
        ProductFactory(sku="MUG", title="Halla Mug", price=Decimal("15.90")),
        ProductFactory(sku="BOWL", title="Sol Bowl", price=Decimal("18.90"), list_price=Decimal("25")),
        ProductFactory(sku="LAMP", title="Lamp", price=Decimal("120.50"), currency="USD"),
        ProductFactory(sku="OUT", title="Gone", stock=0),
        ProductFactory(sku="ASK", title="On request", price=None),
        ProductFactory(sku="JUG", title="Jug", price=Decimal("37.90")),
    ]
    return {product.sku: product for product in made}


@pytest.fixture
def learned(shop) -> dict[str, Product]:
    """MUG is bought with all but JUG, which is like them; BOWL is looked at after MUG; JUG trends, then LAMP."""
    ids = {sku: product.pk for sku, product in shop.items()}
    add_version(
        neighbours={
            ("bundle", ids["MUG"]): [
                (ids["OUT"], 0.9, 1.0), (ids["BOWL"], 0.8, 1.0), (ids["ASK"], 0.7, 1.0), (ids["LAMP"], 0.6, 1.0),
                (ids["JUG"], 0.5, 0.2),
            ],
            ("bundle", ids["OUT"]): [(ids["MUG"], 0.9, 1.0)],
            ("personal", ids["MUG"]): [(ids["BOWL"], 0.5, 1.0)],
        },
        rankings={"trending": [(ids["JUG"], 3.0), (ids["LAMP"], 2.0)]},
    )  # fmt: skip
    return shop


def sections(response) -> dict[str, list[str]]:
    """Headings of the lists of a page with the SKUs in them."""
    page = response.content.decode()
    found = re.findall(r'<section class="shown-list".*?<h2[^>]*>(.*?)</h2>(.*?)</section>', page, re.DOTALL)
    return {heading: re.findall(r'data-sku="([^"]+)"', body) for heading, body in found}


def count_lists(client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return sum("behaviour_neighbours" in one["sql"] or "behaviour_ranking" in one["sql"] for one in queries)


def test_where_nothing_is_sold_what_goes_together_is_a_list_under_the_fields_own_words(client, learned, settings):
    settings.KINDRED_FIELD = "home"
    found = sections(client.get("/products/MUG/"))
    assert found["Works together with"] == ["BOWL", "ASK", "LAMP"]  # what has no price as well
    assert "Often used together with Halla Mug" in client.get("/products/MUG/").content.decode()
    assert "Trending now" not in sections(client.get("/"))


def test_a_bundle_has_one_price_for_each_currency_with_reductions_as_they_are(learned):
    made = make_bundle_of(learned["MUG"], visitor=Visitor())
    assert [product.sku for product in made.products] == ["MUG", "BOWL", "LAMP"]
    assert made.total == [("EUR", Decimal("34.80")), ("USD", Decimal("120.50"))]
    assert made.total_of(0b101) == [("EUR", Decimal("15.90")), ("USD", Decimal("120.50"))]
    assert made.total_of(0) == []


def test_the_page_has_the_price_of_every_choice(client, learned):
    page = client.get("/products/MUG/").content.decode()
    prices = json.loads(html.unescape(re.search(r'data-totals="([^"]*)"', page)[1]))
    assert prices == [
        "", "€15.90", "€18.90", "€34.80", "$120.50", "€15.90 + $120.50", "€18.90 + $120.50", "€34.80 + $120.50"
    ]  # fmt: skip
    assert ">€34.80 + $120.50</output>" in page


def test_the_whole_bundle_goes_into_the_cart_by_one_form(client, learned):
    client.post("/cart/add/", {"sku": ["MUG", "BOWL", "LAMP"]})
    assert client.get("/cart/").context["totals"] == [("EUR", Decimal("34.80")), ("USD", Decimal("120.50"))]


@pytest.mark.parametrize("sku", ["BOWL", "OUT", "ASK"])
def test_there_is_no_bundle_where_nothing_is_bought_with_it_or_it_cannot_be_bought(client, learned, sku):
    assert make_bundle_of(learned[sku], visitor=Visitor()) is None
    assert 'class="bundle"' not in client.get(f"/products/{sku}/").content.decode()


def test_before_anything_is_learned_pages_are_as_they_were(client, shop):
    assert sections(client.get("/")) == {}
    assert 'class="bundle"' not in client.get("/products/MUG/").content.decode()


def test_a_newcomer_sees_what_trends_and_is_told_so(client, learned):
    response = client.get("/")
    assert sections(response) == {"Trending now": ["JUG", "LAMP"]}
    assert "we know nothing of you yet" in response.content.decode()


def test_who_agreed_and_looked_at_something_has_a_list_of_their_own(client, learned):
    client.post("/consent/", {"answer": "yes"})
    assert list(sections(client.get("/"))) == ["Trending now"]
    client.post("/cart/add/", {"sku": "MUG"})
    assert sections(client.get("/")) == {"For you": ["BOWL"]}
    assert list(sections(client.get("/", headers={"Sec-GPC": "1"}))) == ["Trending now"]


@pytest.mark.parametrize("query", ["brand=Nordlyn", "in_stock=1", "page=2", "category=Nothing"])
def test_lists_stand_on_the_front_page_alone(client, learned, query):
    assert sections(client.get(f"/?{query}")) == {} or query == "page=2"


def test_the_cart_shows_what_goes_with_it_and_none_of_what_is_in_it(client, learned):
    client.post("/cart/add/", {"sku": "MUG"})
    assert sections(client.get("/cart/")) == {"Goes with your cart": ["BOWL", "ASK", "LAMP", "JUG"]}
    client.post("/cart/add/", {"sku": "BOWL"})
    assert sections(client.get("/cart/")) == {"Goes with your cart": ["ASK", "LAMP", "JUG"]}


def test_lists_that_a_script_asks_for_come_alone(client, learned):
    response = client.get("/lists/trending/")
    assert sections(response) == {"Trending now": ["JUG", "LAMP"]}
    assert "<html" not in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    Product.objects.filter(sku="LAMP").update(is_active=False)
    response = client.get("/lists/recently-viewed/", {"sku": ["JUG", "LAMP", "NONE", "a\x00b", "MUG", "JUG"]})
    assert sections(response) == {"Recently viewed": ["JUG", "MUG"]}
    assert sections(client.get("/lists/recently-viewed/")) == {}
    assert client.get("/lists/other/").status_code == 404


def test_a_page_asks_for_one_list_more(client, learned):
    client.get("/")
    assert count_lists(client, "/") == 1
    assert count_lists(client, "/products/MUG/") == 1
    assert count_lists(client, "/?brand=Nordlyn") == 0


def test_a_shop_that_has_learned_nothing_asks_for_no_list_on_its_front_page(client, shop):
    client.get("/")
    assert count_lists(client, "/") == 0


@pytest.mark.parametrize("filled", ["learned", "shop"])
def test_what_newcomers_see_is_decided_anew_after_a_minute_however_many_there_are(request, client, filled, monkeypatch):
    request.getfixturevalue(filled)
    client.get("/")
    monkeypatch.setattr(lists.cache, "set", lambda *_: pytest.fail("it would be kept for longer"))
    client.get("/")


def test_a_list_that_fails_is_left_out_of_its_page(client, learned, monkeypatch):
    monkeypatch.setattr(
        "behaviour.storefront.lists.recommend", lambda *_, **__: connection.cursor().execute("SELECT x")
    )
    assert sections(client.get("/")) == {}
    assert client.get("/products/MUG/").status_code == 200


def test_popularity_is_shown_once_something_is_bought(client, shop):
    assert sections(client.get("/")) == {}
    cache.clear()  # a minute later
    add_version(rankings={"popular": [(shop["JUG"].pk, 5.0), (shop["MUG"].pk, 2.0)]})
    assert sections(client.get("/")) == {"Popular": ["JUG", "MUG"]}
