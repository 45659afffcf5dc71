"""What a page shows, and what it costs a page when Kindred is slow, down, or answers nonsense."""

from __future__ import annotations

import asyncio
import threading

import pytest
from django.template import engines
from django.test import Client
from django.utils.translation import override as override_language
from shop.models import Product

from kindred_django import similar
from kindred_django.delivery import deliver_queued

pytestmark = pytest.mark.django_db(transaction=True)

CARD = {
    "position": 1, "sku": "MUG", "title": "<b>Mug</b> & more", "url": "https://shop.example/things/MUG/",
    "image_url": "https://kindred.example/m.webp", "price": "9.00", "list_price": "12.00", "currency": "EUR",
}  # fmt: skip


@pytest.fixture
def cup(kindred):
    product = Product.objects.create(code="CUP", name="Cup")
    deliver_queued()
    kindred.asked.clear()
    kindred.similar = [CARD]
    return product


def show(text, **context):
    return engines["django"].from_string("{% load kindred %}" + text).render(context)


@pytest.fixture
def clock(monkeypatch):
    """Hands that a test turns."""

    class Clock:
        now = 1_000_000.0

    monkeypatch.setattr(similar.time, "time", lambda: Clock.now)
    monkeypatch.setattr(similar.time, "monotonic", lambda: Clock.now)
    return Clock


def test_a_page_shows_similar_products_escaped_and_linked_to_the_shops_own_pages(cup, kindred):
    page = Client().get(f"/things/{cup.pk}/").content.decode()
    assert '<a href="https://shop.example/things/MUG/" data-sku="MUG" data-position="1">' in page
    assert "&lt;b&gt;Mug&lt;/b&gt; &amp; more" in page
    assert "<b><del>12.00</del> 9.00 EUR</b>" in page
    assert 'data-recommendation-id="r-1"' in page
    [(_, path, params, headers)] = kindred.asked
    assert (path, params["limit"], headers["Accept-Language"]) == ("products/CUP/similar/", "4", "en-us")


def test_the_widget_is_written_with_the_shops_keys_and_never_the_secret_one(cup, kindred, override):
    override(PUBLIC_KEY="kindred_pk_1", CONSENT="shop.consent.has_agreed")
    page = Client().get(f"/things/{cup.pk}/").content.decode()
    element = page[page.index("<script") :]
    assert element == (
        f'<script type="module" src="{kindred.url}/widgets/kindred.js"></script><kindred-similar sku="CUP" '
        f'api="{kindred.url}" key="kindred_pk_1" locale="en-us" limit="4"></kindred-similar>'
    )
    assert "kindred_sk" not in page
    client = Client()
    client.cookies["agreed"] = "yes"
    assert 'consent="granted"' in client.get(f"/things/{cup.pk}/").content.decode()


@pytest.mark.parametrize(
    ("agreed", "attribute"),
    [
        ("personalisation", ' consent="granted"'), ("analytics", ' consent="analytics"'), ("yes", ' consent="granted"'),
        ("none", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_widget_is_told_what_the_shopper_agreed_to(cup, kindred, override, agreed, attribute):
    override(CONSENT="shop.consent.read_banner")
    client = Client()
    client.cookies["agreed"] = agreed
    page = client.get(f"/things/{cup.pk}/").content.decode()
    assert f'locale="en-us"{attribute} limit="4"></kindred-similar>' in page
    assert "consent" not in client.get(f"/things/{cup.pk}/", headers={"Sec-GPC": "1"}).content.decode()


def test_the_widgets_attributes_are_escaped(kindred):
    assert 'sku="&quot;&gt;&lt;x"' in show("{% kindred_widget sku %}", sku='"><x')


def test_a_list_is_asked_for_once_while_it_is_fresh_and_shown_while_it_is_asked_for_again(cup, kindred, clock):
    assert "Mug" in show("{% kindred_similar product %}", product=cup)
    assert "Mug" in show("{% kindred_similar product %}", product=cup)
    assert len(kindred.asked) == 1
    clock.now += 301
    kindred.hold, kindred.similar = threading.Event(), [CARD | {"title": "Bowl"}]
    assert "Mug" in show("{% kindred_similar product %}", product=cup)  # stale, and at once
    [future] = similar.asker.under_way.values()
    kindred.hold.set()
    future.result(20)
    assert "Bowl" in show("{% kindred_similar product %}", product=cup)
    assert len(kindred.asked) == 2


def test_the_heading_says_what_the_list_is_unless_the_page_says_its_own(cup, kindred):
    with override_language("en"):
        assert "<h2>Similar products</h2>" in show("{% kindred_similar product %}", product=cup)
        assert "<h2>Often bought together</h2>" in show('{% kindred_similar product strategy="bundle" %}', product=cup)
        own = show("{% kindred_similar product heading=title %}", product=cup, title="More <mugs>")
    assert "<h2>More &lt;mugs&gt;</h2>" in own
    with override_language("zh-hans"):
        assert "<h2>经常一起购买</h2>" in show('{% kindred_similar product strategy="bundle" %}', product=cup)


def test_a_page_waits_no_longer_than_the_deadline_and_the_answer_is_there_for_the_next_one(cup, kindred, override):
    override(DEADLINE_MS=1)
    kindred.hold = threading.Event()
    assert show("{% kindred_similar product %}", product=cup) == ""
    [future] = similar.asker.under_way.values()
    kindred.hold.set()
    future.result(20)
    assert "Mug" in show("{% kindred_similar product %}", product=cup)


def test_pages_that_want_one_list_at_once_ask_once(cup, kindred, override):
    override(DEADLINE_MS=1)
    kindred.hold = threading.Event()
    for _ in range(2):
        show("{% kindred_similar product %}", product=cup)
    assert len(similar.asker.under_way) == 1
    kindred.hold.set()


def test_kindred_that_is_down_costs_nothing_after_three_tries_and_is_tried_again_later(cup, kindred, clock, caplog):
    kindred.close()
    for number in range(9):
        assert show("{% kindred_similar sku %}", sku=f"SKU-{number}") == ""
    assert similar.asker.breaker.failures == 3
    assert caplog.text.count("No similar products are shown for now: Kindred does not answer (ConnectError).") == 1
    kindred.open()
    assert show("{% kindred_similar product %}", product=cup) == ""
    clock.now += 31
    assert "Mug" in show("{% kindred_similar product %}", product=cup)
    assert similar.asker.breaker.failures == 0


def test_a_list_that_is_stale_is_shown_while_kindred_is_down(cup, kindred, clock):
    show("{% kindred_similar product %}", product=cup)
    kindred.close()
    clock.now += 7200
    assert "Mug" in show("{% kindred_similar product %}", product=cup)
    kindred.open()


def test_too_many_requests_are_not_asked_again_before_kindred_says(cup, kindred, clock):
    kindred.answers = [(429, None, {"Retry-After": "120"})] * 3
    for number in range(3):
        show("{% kindred_similar sku %}", sku=f"SKU-{number}")
    assert similar.asker.breaker.open_until == clock.now + 120


@pytest.mark.parametrize("answer", [(200, "no list", {}), (200, {"results": None}, {}), (200, None, {}), (500, {}, {})])
def test_an_answer_that_is_none_shows_nothing(cup, kindred, answer):
    kindred.answers = [answer]
    assert show("{% kindred_similar product %}", product=cup) == ""


def test_a_product_that_kindred_does_not_know_yet_shows_nothing_and_is_asked_for_again_soon(kindred, clock):
    assert show("{% kindred_similar sku %}", sku="NEW") == ""
    assert show("{% kindred_similar sku %}", sku="NEW") == ""
    assert len(kindred.asked) == 1
    kindred.products["NEW"], kindred.similar = {}, [CARD]
    clock.now += 61
    assert "Mug" in show("{% kindred_similar sku %}", sku="NEW")
    assert similar.asker.breaker.failures == 0


@pytest.mark.parametrize("product", [None, "", object()])
def test_what_is_no_product_shows_nothing(kindred, product):
    assert show("{% kindred_similar product %}{% kindred_widget product %}", product=product) == ""
    assert kindred.asked == []


def test_a_project_without_the_setting_shows_nothing(settings):
    settings.KINDRED = {}
    assert show("{% kindred_similar sku %}{% kindred_widget sku %}", sku="CUP") == ""


def test_a_shop_may_have_a_template_of_its_own(cup, settings):
    templates = {
        "kindred_django/similar.html": "{% for product in products %}[{{ product.sku }} {{ shop }}]{% endfor %}"
    }
    engine = {"BACKEND": "django.template.backends.django.DjangoTemplates"}
    loaders = [("django.template.loaders.locmem.Loader", templates)]
    settings.TEMPLATES = [engine | {"OPTIONS": {"loaders": loaders}}]
    assert show("{% kindred_similar product %}", product=cup, shop="Ours") == "[MUG Ours]"


def test_an_asynchronous_view_can_await_a_list(cup, kindred):
    assert asyncio.run(similar.asimilar_products(cup, limit=2))["results"] == [CARD]
    assert kindred.asked[0][2] == {"limit": "2"}


@pytest.fixture
def no_cache(monkeypatch):
    """A cache that is down."""

    class Down:
        def get(self, key):
            raise ConnectionError("no cache")

        def set(self, key, value, timeout):
            raise ConnectionError("no cache")

    monkeypatch.setattr(similar, "cache", Down())


def test_a_cache_that_is_down_takes_no_list_from_a_page_and_is_not_taken_for_kindred(cup, kindred, no_cache, caplog):
    for _ in range(4):
        assert "Mug" in show("{% kindred_similar product %}", product=cup)
    assert similar.asker.breaker.failures == 0
    assert "The cache does not answer: no cache" in caplog.text


@pytest.mark.parametrize("product", [None, "", object()])
def test_no_view_fails_for_what_is_no_product(kindred, product):
    assert similar.similar_products(product) == {"results": []}
    assert asyncio.run(similar.asimilar_products(product)) == {"results": []}


def test_no_view_fails_in_a_project_without_the_setting(settings, cup):
    settings.KINDRED = {}
    assert similar.similar_products(cup) == {"results": []}
    assert asyncio.run(similar.asimilar_products(cup)) == {"results": []}


def test_the_heading_is_in_the_language_of_the_page_as_the_list_is(cup, kindred):
    with override_language("zh-hans"):
        assert "<h2>相似商品</h2>" in show("{% kindred_similar product %}", product=cup)
    assert kindred.asked[0][3]["Accept-Language"] == "zh-hans"
