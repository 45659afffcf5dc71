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
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db

FIELD = {
    "title": {"en": "Stones", "zh-hans": "石头"},
    "notice": {"en": "Found, not sold.", "zh-hans": "拾得，非卖品。"},
    "words": {
        "count_one": {"en": "{total} stone", "zh-hans": "{total} 块石头"},
        "count": {"en": "{total} stones", "zh-hans": "{total} 块石头"},
        "brand": {"en": "Quarry", "zh-hans": "采石场"},
    },
    "hidden": ["price", "stock", "cart", "visits", "photo_search"],
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
    assert "1 块石头" in chinese
    for text in ("Price on request", "In stock", "Cart", "data-consent-line", "search-photo"):
        assert text not in front + page
    assert "1 product<" not in front


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
