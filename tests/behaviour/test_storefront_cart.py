"""The cart of the storefront: without sign-in, without a script, exact to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from behaviour.events.event import Event
from behaviour.events.pseudonyms import make_key
from behaviour.storefront import cart, cart_pages
from behaviour.storefront.cart import COOKIE, Cart
from catalog.models import Product
from recommendations.tokens import Token, make_token
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    ProductFactory(sku="MUG", title="Halla Mug", price=Decimal("15.90"), translations={"zh": {"title": "马克杯"}})
    ProductFactory(sku="BOWL", title="Sol Bowl", price=Decimal("18.90"), list_price=Decimal("25"), stock=3)
    ProductFactory(sku="LAMP", title="Lamp", price=Decimal("120.5"), currency="USD")
    ProductFactory(sku="OUT", title="Gone", stock=0)
    ProductFactory(sku="ASK", title="On request", price=None)
    ProductFactory(sku="ELSEWHERE", title="Sold in the shop", url="https://shop.example/elsewhere")
    ProductFactory(sku="HIDDEN", title="Hidden", is_active=False)


@pytest.fixture
def agreed(client) -> Client:
    """A visitor who has agreed to be counted."""
    client.post("/consent/", {"answer": "yes"})
    return client


def add(client: Client, *skus: str, **values) -> None:
    answer = client.post("/cart/add/", {"sku": skus, **values})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cart/")


def cookies_of(client) -> dict[str, str]:
    """Return the cookies of the cart that a browser keeps."""
    return {name: one.value for name, one in client.cookies.items() if name.startswith(COOKIE) and one.value}


def contents(client: Client) -> list[tuple[str, int, Decimal | None]]:
    return [(line.product.sku, line.quantity, line.total) for line in client.get("/cart/").context["lines"]]


def totals(client: Client) -> list[tuple[str, Decimal]]:
    return client.get("/cart/").context["totals"]


def test_what_is_put_in_is_there_with_its_price_and_the_count_is_in_the_header(client, shop):
    add(client, "MUG")
    add(client, "MUG", quantity=2)
    add(client, "BOWL")
    assert contents(client) == [("MUG", 3, Decimal("47.70")), ("BOWL", 1, Decimal("18.90"))]
    assert totals(client) == [("EUR", Decimal("66.60"))]
    assert '<span class="cart-count" data-cart-count>4</span>' in client.get("/").content.decode()


def test_amounts_of_two_currencies_are_never_added(client, shop):
    add(client, "MUG", "LAMP", "BOWL", quantity=2)
    assert totals(client) == [("EUR", Decimal("69.60")), ("USD", Decimal("241.00"))]
    html = client.get("/cart/").content.decode()
    assert "<dd>€69.60</dd>" in html
    assert "<dd>$241.00</dd>" in html


def test_quantities_are_changed_and_lines_removed(client, shop):
    add(client, "MUG", "BOWL")
    client.post("/cart/change/", {"sku": "MUG", "quantity": "5"})
    assert contents(client) == [("MUG", 5, Decimal("79.50")), ("BOWL", 1, Decimal("18.90"))]
    client.post("/cart/change/", {"sku": "MUG", "quantity": "5", "remove": "1"})
    assert contents(client) == [("BOWL", 1, Decimal("18.90"))]
    client.post("/cart/change/", {"sku": "BOWL", "quantity": "0"})
    assert contents(client) == []
    assert cookies_of(client) == {}


@pytest.mark.parametrize("said", ["", "-3", "many", "1.5", "٣", "9" * 30, "\x00"])
def test_a_quantity_that_is_none_changes_nothing(client, shop, said):
    add(client, "MUG", quantity=2)
    client.post("/cart/change/", {"sku": "MUG", "quantity": said})
    assert contents(client) == [("MUG", 2, Decimal("31.80"))]


def test_no_more_can_be_had_than_there_are(client, shop):
    add(client, "BOWL", quantity=2)
    add(client, "BOWL", quantity=2)
    assert contents(client) == [("BOWL", 3, Decimal("56.70"))]
    Product.objects.filter(sku="BOWL").update(stock=1)
    assert contents(client) == [("BOWL", 3, Decimal("18.90"))]
    assert "Only 1 left" in client.get("/cart/").content.decode()


@pytest.mark.parametrize("sku", ["OUT", "ASK", "ELSEWHERE", "HIDDEN", "NONE", "a\x00b", ""])
def test_what_cannot_be_bought_here_is_not_put_in_nor_offered(client, shop, sku):
    add(client, sku)
    assert contents(client) == []
    if sku in ("OUT", "ASK", "ELSEWHERE"):
        assert 'action="/cart/add/"' not in client.get(f"/products/{sku}/").content.decode().split("</article>")[0]


def test_what_is_sold_out_meanwhile_is_shown_and_not_counted_nor_bought(agreed, shop):
    add(agreed, "MUG", "BOWL")
    Product.objects.filter(sku="MUG").update(stock=0)
    assert contents(agreed) == [("MUG", 1, None), ("BOWL", 1, Decimal("18.90"))]
    assert "Cannot be bought at the moment" in agreed.get("/cart/").content.decode()
    agreed.post("/cart/check-out/", {})
    assert list(Event.objects.filter(type="purchase").values_list("sku", flat=True)) == ["BOWL"]


def test_the_number_of_lines_is_bounded(client, monkeypatch, shop):
    monkeypatch.setattr(cart, "MAX_LINES", 2)
    add(client, "MUG", "BOWL", "LAMP")
    assert [sku for sku, _, _ in contents(client)] == ["MUG", "BOWL"]
    add(client, "MUG")
    assert contents(client)[0][1] == 2


def test_the_fullest_cart_fits_into_what_servers_read():
    full = Cart({10**9 + number: 99 for number in range(cart.MAX_LINES)})
    response = HttpResponse()
    full.save(response)
    assert len("; ".join(f"{name}={kept.value}" for name, kept in response.cookies.items())) < 2_000


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1a", "1x1"),
        ("", "1x1"),
        ("-1", "1x1"),
        ("9" * 30, "1x1"),
        ("{MUG}", "0x1"),
        ("{MUG}", "100x1"),
        ("{MUG}", "1x"),
        ("{MUG}", "\x00;nonsense"),
    ],
)
def test_a_cookie_that_is_not_ours_puts_nothing_into_the_cart(client, shop, name, said):
    number = Product.objects.get(sku="MUG").pk
    client.cookies[COOKIE + name.replace("{MUG}", str(number))] = said
    assert contents(client) == []
    assert "data-cart-count>0<" in client.get("/").content.decode()


def test_two_tabs_that_put_something_in_at_once_lose_nothing_of_each_other(client, shop):
    add(client, "LAMP")
    before = cookies_of(client)
    for path, values in (
        ("/cart/change/", {"sku": "LAMP", "quantity": "4"}),
        ("/cart/add/", {"sku": "MUG"}),
        ("/cart/add/", {"sku": "BOWL"}),
    ):
        tab = Client()
        tab.cookies.load(before)  # none knows of the others
        client.cookies.update(tab.post(path, values).cookies)
    assert [(sku, quantity) for sku, quantity, _ in contents(client)] == [("LAMP", 4), ("MUG", 1), ("BOWL", 1)]


def test_what_another_tab_puts_in_during_the_check_out_is_still_in_the_cart(client, shop):
    add(client, "LAMP")
    tab = Client()
    tab.cookies.load(cookies_of(client))
    add(tab, "MUG")
    client.post("/cart/check-out/", {})
    client.cookies.load({name: said for name, said in cookies_of(tab).items() if name not in client.cookies})
    assert [sku for sku, _, _ in contents(client)] == ["MUG"]


def test_forms_are_safe_from_other_sites(shop):
    strict = Client(enforce_csrf_checks=True)
    for path in ("/cart/add/", "/cart/change/", "/cart/check-out/", "/consent/"):
        answer = strict.post(path, {"sku": "MUG"})
        assert answer.status_code == 403, path
        assert "allow cookies for this site" in answer.content.decode()
    assert strict.get("/cart/add/").status_code == 405


def test_a_script_is_told_what_came_of_it(client, shop):
    answer = client.post("/cart/add/", {"sku": "MUG"}, headers={"Accept": "application/json"})
    assert answer.json() == {"pieces": 1, "said": "Halla Mug is in your cart."}
    answer = client.post("/cart/add/", {"sku": ["MUG", "BOWL"]}, headers={"Accept": "application/json"})
    assert answer.json() == {"pieces": 3, "said": "Halla Mug and Sol Bowl are in your cart."}
    answer = client.post("/cart/add/", {"sku": "OUT"}, headers={"Accept": "application/json"})
    assert answer.json() == {"pieces": 3, "said": "There is no more of it to be had."}


def test_the_cart_speaks_chinese(client, shop):
    add(client, "MUG")
    html = client.get("/cart/", headers={"Accept-Language": "zh-CN"}).content.decode()
    assert "<h1>购物车</h1>" in html
    assert "马克杯</a>" in html


def test_the_check_out_empties_the_cart_and_an_order_sent_twice_is_one(agreed, shop):
    add(agreed, "MUG", quantity=2)
    add(agreed, "LAMP")
    order_id = str(agreed.get("/cart/").context["order_id"])
    kept = cookies_of(agreed)
    for _ in range(2):
        agreed.cookies.load(kept)  # as a double click sends it
        answer = agreed.post("/cart/check-out/", {"order_id": order_id})
        assert answer.headers["Location"] == "/cart/thanks/"
    assert "nothing was charged" in agreed.get("/cart/thanks/").content.decode()
    assert contents(agreed) == []
    bought = Event.objects.filter(type="purchase").order_by("sku")
    assert [(one.sku, one.quantity, one.price, one.currency, one.order_key) for one in bought] == [
        ("LAMP", 1, Decimal("120.5"), "USD", make_key("order", order_id)),
        ("MUG", 2, Decimal("15.9"), "EUR", make_key("order", order_id)),
    ]


def test_an_empty_cart_is_not_bought(agreed, shop):
    assert agreed.post("/cart/check-out/", {}).headers["Location"] == "/cart/"
    assert not Event.objects.exists()


def test_what_goes_in_and_out_is_recorded_with_the_list_it_came_from(agreed, shop):
    token = make_token(
        Token(strategy="bundle", placement="product-bundle", space="v1", at=timezone.now()), cached=False
    )
    add(agreed, "MUG", recommendation_id=token, position="2", quantity=3)
    agreed.post("/cart/change/", {"sku": "MUG", "quantity": "1"})
    add(agreed, "BOWL", recommendation_id="made up", position="2")
    session = agreed.cookies["kindred_consent"].value.partition(":")[2]
    assert [
        (one.type, one.sku, one.quantity, one.strategy, one.placement, one.space, one.position, one.recommendation_id)
        for one in Event.objects.order_by("id")
    ] == [
        ("add_to_cart", "MUG", 3, "bundle", "product-bundle", "v1", 2, token),
        ("remove_from_cart", "MUG", 2, "", "", "", None, ""),
        ("add_to_cart", "BOWL", 1, "", "", "", None, ""),
    ]
    assert set(Event.objects.values_list("session_key", "consent")) == {
        (make_key("session", session), "personalisation")
    }


def test_what_is_not_sold_any_more_is_taken_out_of_the_cart_and_that_is_said(client, shop):
    add(client, "MUG", "BOWL", "LAMP")
    Product.objects.filter(sku="BOWL").update(is_active=False)
    Product.objects.get(sku="LAMP").delete()
    html = client.get("/cart/", follow=True).content.decode()
    assert "2 products are not sold here any more: they were taken out of your cart." in html
    assert '<span class="cart-count" data-cart-count>1</span>' in html
    assert contents(client) == [("MUG", 1, Decimal("15.90"))]
    Product.objects.filter(sku="MUG").update(is_active=False)
    html = client.get("/cart/", follow=True).content.decode()
    assert "1 product is not sold here any more: it was taken out of your cart." in html
    assert '<span class="cart-count" data-cart-count>0</span>' in html
    assert "Your cart is empty." in html


@pytest.mark.parametrize(
    ("skus", "quantity", "pieces", "said"),
    [
        (["MUG"], 2, 2, "Halla Mug is in your cart."),
        (["BOWL"], 5, 3, "Sol Bowl is in your cart. There is not as much as you asked for."),
        (["MUG", "OUT"], 1, 1, "Halla Mug is in your cart. There is not as much as you asked for."),
        (["OUT"], 1, 0, "There is no more of it to be had."),
        (["MUG"], 0, 1, "Halla Mug is in your cart."),
    ],
)
def test_what_could_not_be_put_in_is_said(client, shop, skus, quantity, pieces, said):
    values = {"sku": skus, "quantity": quantity}
    answer = client.post("/cart/add/", values, headers={"Accept": "application/json"})
    assert answer.json() == {"pieces": pieces, "said": said}


def test_a_full_cart_says_that_it_is_full(client, shop, monkeypatch):
    monkeypatch.setattr(cart, "MAX_LINES", 1)
    monkeypatch.setattr(cart_pages, "MAX_LINES", 1)
    add(client, "MUG")
    answer = client.post("/cart/add/", {"sku": "LAMP"}, headers={"Accept": "application/json"})
    assert answer.json() == {"pieces": 1, "said": "Your cart is full: it takes 1 different products."}


@pytest.mark.parametrize(
    ("said", "quantity"),
    [
        ("12.0", 12), ("1e1", 10), ("10000000", 99), ("1e99", 99), (" 7 ", 7), ("2.5", 4), ("25e-1", 4), ("NaN", 4),
        ("Infinity", 4), ("1e999999999", 4),
    ],
)  # fmt: skip
def test_quantities_are_read_as_fields_for_numbers_send_them(client, shop, said, quantity):
    add(client, "MUG", quantity=4)
    client.post("/cart/change/", {"sku": "MUG", "quantity": said})
    assert contents(client) == [("MUG", quantity, Decimal("15.90") * quantity)]
