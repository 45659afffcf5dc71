"""A Shopify shop without an export: its pages of products, and what it answers to those who ask too fast."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator

import pytest

from catalog.sources import shopify_pages
from catalog.sources.feed import Feed, FeedError, FeedRequest, Validators
from catalog.sources.fetching import fetch_feed
from catalog.sources.shopify_pages import find_pages
from tests.catalog.sources.feed_site import Asked, FeedSite, open_site, send


class Shop:
    """Answers as a shop does: 250 products a page, an empty page after the last, and its currency."""

    def __init__(self, site: FeedSite, *, count: int) -> None:
        self.site = site
        self.products = [{"id": number, "title": f"Cup {number}", "handle": f"cup-{number}"} for number in range(count)]
        self.refusals: list[tuple[int, dict[str, str]]] = []  # what the next requests get
        self.waited: list[float] = []
        site.answers["/products.json"] = self.answer
        site.give("/meta.json", json.dumps({"name": "Cups", "currency": "EUR"}).encode())

    def answer(self, handler, asked: Asked) -> None:
        if self.refusals:
            status, headers = self.refusals.pop(0)
            send(handler, b"<html>slow down</html>", status=status, **headers)
            return
        start = (int(asked.query["page"]) - 1) * int(asked.query["limit"])
        page = self.products[start : start + min(int(asked.query["limit"]), 250)]
        send(handler, json.dumps({"products": page}).encode())

    def pages(self) -> list[str]:
        return [asked.query["page"] for asked in self.site.asked if asked.path.endswith("/products.json")]


@pytest.fixture
def site(settings) -> Iterator[FeedSite]:
    settings.KINDRED_FETCH_NETWORKS = ["127.0.0.0/8"]
    with open_site() as found:
        yield found


@pytest.fixture
def waited(monkeypatch) -> list[float]:
    """How long it was waited for, each time, in a test that does not wait."""
    times: list[float] = []
    monkeypatch.setattr(shopify_pages.time, "sleep", times.append)
    return times


def fetch(address: str, **request) -> tuple[Feed, list[dict], list[tuple[int, int | None]]]:
    said: list[tuple[int, int | None]] = []
    with tempfile.TemporaryFile() as into:
        feed = fetch_feed(
            FeedRequest(kind="shopify", address=address, **request),
            into=into,
            on_progress=lambda done, total: said.append((done, total)),
        )
        return feed, [json.loads(line) for line in into], said


@pytest.mark.parametrize("path", ["", "/", "/products.json", "/products.json?limit=10"])
def test_a_shop_is_read_page_by_page_until_an_empty_one(site, waited, path):
    shop = Shop(site, count=600)
    feed, products, said = fetch(site.url + path)
    assert products == shop.products
    assert shop.pages() == ["1", "2", "3", "4"]
    assert {asked.query["limit"] for asked in site.asked if asked.query} == {"250"}
    assert (feed.reader, feed.currency, feed.validators) == ("shopify-json", "EUR", Validators())
    assert feed.shop_url == site.url
    assert said[0] == (0, None)
    assert said[-1] == (feed.size, None)
    assert len(said) == 5  # once before each request
    assert waited == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("address", "first_page"),
    [
        ("https://shop.example", "https://shop.example/products.json?limit=250&page=1"),
        ("https://shop.example/de/", "https://shop.example/de/products.json?limit=250&page=1"),
        ("https://shop.example/en-de/products.json", "https://shop.example/en-de/products.json?limit=250&page=1"),
        ("https://shop.example/collections/cups", "https://shop.example/collections/cups/products.json?limit=250&page=1"),
        ("https://shop.example/collections/cups/products.json?page=3",
         "https://shop.example/collections/cups/products.json?limit=250&page=1"),
        ("https://shop.example/products_export.csv", None),
        ("https://shop.example/feeds/products.json", None),
        ("https://[::1/", None),
    ],
)  # fmt: skip
def test_which_addresses_are_paged_through(address, first_page):
    pages = find_pages(address)
    assert (pages and pages.page(1)) == first_page


def test_an_export_at_an_address_is_read_as_csv(site):
    site.give("/export.csv", b"Handle,Title\ncup,Cup\n")
    with tempfile.TemporaryFile() as into:
        feed = fetch_feed(
            FeedRequest(kind="shopify", address=f"{site.url}/export.csv"), into=into, on_progress=lambda *_: None
        )
    assert (feed.reader, feed.currency) == ("shopify", "")


@pytest.mark.parametrize("status", [429, 430, 500, 503])
def test_a_shop_that_is_busy_is_asked_again_when_it_says(site, waited, status):
    shop = Shop(site, count=3)
    shop.refusals = [(status, {"Retry-After": "7"}), (status, {"Retry-After": "9"})]
    assert fetch(site.url)[1] == shop.products
    assert waited == [7.0, 9.0, 0.5]


def test_a_shop_that_does_not_say_when_is_left_alone_for_longer_each_time(site, waited):
    shop = Shop(site, count=3)
    shop.refusals = [(430, {})] * 4
    assert fetch(site.url)[1] == shop.products
    assert [1.5 <= waited[0] <= 2.5, 3 <= waited[1] <= 5, 6 <= waited[2] <= 10, 12 <= waited[3] <= 20] == [True] * 4
    assert waited[4:] == [0.5]


def test_a_page_that_is_not_had_after_five_tries_breaks_the_feed_off(site, waited):
    shop = Shop(site, count=300)
    shop.refusals = [(430, {"Retry-After": "1"})] * 5
    with pytest.raises(FeedError, match=r"asks to come again later \(430\)") as found:
        fetch(site.url)
    assert (found.value.is_temporary, found.value.retry_after_s, len(waited)) == (True, 1.0, 4)


def test_a_shop_that_wants_to_be_left_alone_for_long_is_asked_at_another_time(site, waited):
    shop = Shop(site, count=3)
    shop.refusals = [(429, {"Retry-After": "600"})]
    with pytest.raises(FeedError) as found:
        fetch(site.url)
    assert (found.value.retry_after_s, waited) == (600.0, [])


def test_a_product_that_moved_to_the_next_page_meanwhile_is_there_once(site, waited):
    shop = Shop(site, count=260)
    products = list(shop.products)

    def answer(handler, asked):
        shop.answer(handler, asked)
        if asked.query["page"] == "1":
            shop.products.insert(0, {"id": 1000, "title": "New", "handle": "new"})

    site.answers["/products.json"] = answer
    assert fetch(site.url)[1] == products


def test_a_shop_that_gives_one_page_again_and_again_was_not_read_whole(site, waited):
    page = json.dumps({"products": [{"id": number} for number in range(250)]}).encode()
    site.give("/products.json", page)
    with pytest.raises(FeedError, match="broke off after 250 products") as found:
        fetch(site.url)
    assert found.value.is_temporary


@pytest.mark.parametrize("beyond", ["400", "the last page again"])
def test_a_shop_that_is_larger_than_shopify_shows_is_not_taken_for_whole(site, waited, monkeypatch, beyond):
    monkeypatch.setattr(shopify_pages, "MOST_PRODUCTS", 500)
    shop = Shop(site, count=500)

    def answer(handler, asked):
        if int(asked.query["page"]) <= 2:
            shop.answer(handler, asked)
        elif beyond == "400":
            send(handler, b"", status=400)
        else:
            send(handler, json.dumps({"products": shop.products[250:]}).encode())

    site.answers["/products.json"] = answer
    with pytest.raises(FeedError, match="ends at 500 products and the shop has more") as found:
        fetch(site.url)
    assert not found.value.is_temporary


def test_a_shop_that_sends_on_to_its_own_name_is_asked_there_from_then_on(site, waited):
    with open_site() as named:
        shop = Shop(named, count=260)
        site.answers["/products.json"] = lambda handler, _: send(
            handler, b"", status=301, Location=f"{named.url}/products.json?limit=250&page=1"
        )
        feed, products, _ = fetch(site.url)
    assert (products, feed.currency) == (shop.products, "EUR")
    assert [asked.query["page"] for asked in site.asked] == ["1"]


def test_a_shop_behind_a_password_says_so(site, waited):
    site.give("/products.json", b"", status=302, Location="/password")
    site.give("/password", b"<!doctype html><title>Opening soon</title>")
    with pytest.raises(FeedError, match="closed by a password") as found:
        fetch(site.url)
    assert not found.value.is_temporary


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>hello</html>", "is no JSON"),
        (b'{"items": []}', "has no list of products"),
        (b'{"products": [1]}', "has no list of products"),
        (b'{"products": []}', "shows no products"),
    ],
)
def test_what_is_no_shop_of_shopify_says_what_to_do(site, waited, body, said):
    site.give("/products.json", body)
    with pytest.raises(FeedError, match=said) as found:
        fetch(site.url)
    assert (found.value.is_temporary, waited) == (False, [])


def test_a_page_that_is_larger_than_any_is_not_read_into_memory(site, waited, monkeypatch):
    from catalog.sources import fetching

    monkeypatch.setattr(fetching, "MAX_PAGE_BYTES", 100)
    Shop(site, count=30)
    with pytest.raises(FeedError, match="larger than"):
        fetch(site.url)


def test_all_pages_together_are_no_larger_than_a_feed_may_be(site, waited, settings):
    settings.KINDRED_FEED_MAX_BYTES = 20_000
    Shop(site, count=600)
    with pytest.raises(FeedError, match="raise KINDRED_FEED_MAX_BYTES"):
        fetch(site.url)


@pytest.mark.parametrize(
    ("meta", "cart", "currency"),
    [
        (b'{"currency": "GBP"}', b'{"currency": "EUR"}', "GBP"),
        (b"<html>", b'{"currency": "EUR"}', "EUR"),
        (b'{"currency": "pounds"}', b"[]", ""),
    ],
)
def test_the_currency_is_what_the_shop_says_beside_its_products(site, waited, meta, cart, currency):
    Shop(site, count=1)
    site.give("/meta.json", meta)
    site.give("/cart.js", cart)
    assert fetch(site.url)[0].currency == currency


def test_the_currency_of_a_market_is_what_its_visitors_pay_in(site, waited):
    shop = Shop(site, count=1)
    site.answers["/en-de/products.json"] = shop.answer
    site.give("/en-de/cart.js", b'{"currency": "EUR"}')
    site.give("/en-de/meta.json", b'{"currency": "GBP"}')
    assert fetch(f"{site.url}/en-de")[0].currency == "EUR"
