"""Pages and API of a field that is no shop, and of one that is for staff alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from api.models import ApiKey
from catalog.checks import check_field
from catalog.facets import NARROWED, count_facets
from catalog.models import Product
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db

FIELD = {
    "title": {"en": "Stones", "zh-hans": "石头"},
    "notice": {"en": "Found, not sold.", "zh-hans": "拾得，非卖品。"},
    "nouns": {
        "product": {"en": ["stone", "stones"], "zh-hans": "石头"},
        "shop": {"en": ["collection", "collections"], "zh-hans": "收藏"},
        "shopper": {"en": ["collector", "collectors"], "zh-hans": "藏家"},
        "brand": {"en": ["quarry", "quarries"], "zh-hans": "采石场"},
        "SKU": {"en": ["number", "numbers"], "zh-hans": "编号"},
    },
    "hidden": ["collection", "variants", "price", "stock", "colour", "sounds", "cart", "visits", "photo_search"],
}


@pytest.fixture
def choose_field(settings, tmp_path: Path):
    """Return a function that makes the installation about stones."""

    def choose(**said: object) -> None:
        (tmp_path / "field.json").write_text(json.dumps(FIELD | said), encoding="utf-8")
        settings.KINDRED_FIELD = str(tmp_path)
        cache.clear()

    return choose


def test_pages_of_a_field_speak_of_what_it_has_and_show_nothing_that_it_has_not(client, choose_field):
    ProductFactory.create(sku="S1", title="Granite", brand="North", price=None)
    choose_field()
    front = client.get("/").content.decode()
    assert "1 stone<" in front
    assert "Found, not sold." in front
    assert "Quarry" in front
    page = client.get("/products/S1/").content.decode()
    assert "Quarry: North" in page
    chinese = client.get("/", headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "1 个石头" in chinese
    for text in ("Price on request", "In stock", "Cart", "data-consent-line", "search-photo"):
        assert text not in front + page
    assert "1 product<" not in front


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_staff_of_a_field_read_no_word_of_a_shop(admin_client, choose_field, language):
    product = ProductFactory.create(sku="S1", title="Granite", brand="North", price=None)
    choose_field()
    admin_client.cookies["django_language"] = language
    listed = "/admin/catalog/product/"
    front = admin_client.get("/admin/").content.decode()
    assert {"en": "Stones in the collection", "zh-hans": "展示中的石头"}[language] in front
    menu = set(re.findall(r'href="(/admin/[^"?]+/)"', front))
    assert {listed, "/admin/doctor/", "/admin/recommendations/rule/"} <= menu
    hidden = {"productaudio", "dailytotal", "experiment", "forecast", "shortstock", "categorypair", "event"}
    assert not {path.split("/")[3] for path in menu if path.count("/") > 3} & hidden
    pages = ["/admin/", listed, f"{listed}{product.pk}/change/", f"{listed}add/", "/admin/doctor/", "/admin/import/"]
    for path in [*pages, "/admin/recommendations/rule/add/", "/admin/catalog/source/add/"]:
        answer = admin_client.get(path)
        text = strip_tags(re.sub(r"(?s)<(script|style).*?</\1>", "", answer.content.decode()))
        found = re.findall(r"(?i)\b(products?|shops?|shoppers?|prices?|stock|carts?|SKUs?|brands?)\b", text)
        assert (answer.status_code, found) == (200, []), path
        assert not re.findall("商品|商店|顾客|价格|库存|品牌|SKU", text), path


def test_what_a_field_hides_is_left_as_it_is_stored(admin_client, choose_field):
    product = ProductFactory.create(sku="S1", title="Granite", price="9.50", stock=3, collection="North")
    choose_field()
    listed = "/admin/catalog/product/"
    row = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": product.pk, "_save": "Save"}
    assert admin_client.post(listed, row).status_code == 302  # shown no more: is_active is not ticked
    product.refresh_from_db()
    assert (product.is_active, str(product.price), product.stock, product.collection) == (False, "9.50", 3, "North")


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500", "503"])
def test_pages_of_errors_speak_of_no_shop(choose_field, name):
    choose_field(words={"see_everything": {"en": "See all stones", "zh-hans": "查看全部石头"}})
    page = render_to_string(f"{name}.html")
    assert "See all stones" in page
    words = re.findall("[a-z]+", strip_tags(page).lower())
    assert not {"shop", "product", "cart"} & set(words)


def test_a_field_that_cannot_be_read_is_named_before_anything_starts(settings):
    settings.KINDRED_FIELD = "stones"
    [found] = check_field()
    assert (found.id, found.msg.split(": name one of")[0]) == (
        "catalog.E002",
        "KINDRED_FIELD: There is no field 'stones'",
    )


def test_what_a_shop_shows_it_still_shows(client):
    ProductFactory.create(sku="S1", price=None, stock=None)
    front, page = client.get("/").content.decode(), client.get("/products/S1/").content.decode()
    for text in ("1 product<", "In stock only", "Price, low to high", "Cart", "data-consent-line", "search-photo"):
        assert text in front
    for text in ("Price on request", "In stock"):
        assert text in page


def test_a_field_for_staff_shows_its_pages_and_its_pictures_to_nobody_else(client, choose_field):
    ProductFactory.create(sku="S1")
    choose_field(access="staff")
    for path in ("/", "/products/S1/", "/search/?q=a", "/images/1/320.webp", "/media/products/a.webp", "/compare/"):
        answer = client.get(path)
        assert (answer.status_code, answer.url.split("?")[0]) == (302, "/admin/login/"), path
    assert client.post("/cart/add/", {"sku": "S1"}).status_code == 302
    assert client.get("/healthz").status_code == 200
    client.force_login(User.objects.create_user("shopper"))
    assert client.get("/").status_code == 302
    client.force_login(User.objects.create_user("reader", is_staff=True))
    answer = client.get("/")
    assert (answer.status_code, "private" in answer["Cache-Control"]) == (200, True)


def test_the_api_of_a_field_for_staff_answers_staff_and_secret_keys(client, choose_field):
    ProductFactory.create(sku="S1")
    choose_field(access="staff")
    tokens = {scope: ApiKey.objects.issue(scope, scope=scope)[1] for scope in ("publishable", "secret")}
    answers = {scope: client.get("/api/v1/products/", headers={"X-Api-Key": token}) for scope, token in tokens.items()}
    assert {scope: answer.status_code for scope, answer in answers.items()} == {"publishable": 403, "secret": 200}
    assert "for staff" in answers["publishable"].json()["detail"]
    assert client.get("/api/v1/products/").status_code in {401, 403}
    assert client.post("/api/v1/recommendations/", {}, "application/json").status_code in {401, 403}
    assert client.post("/api/v1/events/", {}, "application/json").status_code in {401, 403}
    client.force_login(User.objects.create_user("reader", is_staff=True))
    assert client.get("/api/v1/products/").status_code == 200


def test_a_field_says_what_lists_are_narrowed_by(choose_field):
    for price, colour in enumerate(["red", "blue", "green", "red"], start=1):
        product = ProductFactory.create(brand=f"North {price % 2}", price=price)
        Product.objects.filter(pk=product.pk).update(colours=[colour])
    assert {name: len(getattr(count_facets([]), name)) > 1 for name in NARROWED} == dict.fromkeys(NARROWED, True)
    choose_field()
    assert {name: len(getattr(count_facets([]), name)) > 1 for name in NARROWED} == {
        "brand": True,
        "colour": False,
        "price": False,
    }
