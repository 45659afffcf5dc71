"""A shop elsewhere: what shows a product links to its page in the shop, and pictures come from where settings say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.checks import run_checks
from django.template import Context, Template

from catalog.models import Product, ProductImage
from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db

THERE = {sku: f"https://shop.example/{sku.lower()}?from=a&to=b" for sku in "ABC"}
SOURCES = {
    "A": "https://cdn.example/a.jpg?v=1&w=2",
    "B": "https://cdn.example/b.jpg",
    "C": "http://cdn.example/c.jpg",
    "D": "",
}
OURS = "http://testserver"


@pytest.fixture
def shelf() -> None:
    """A and B like C and D; the shop has a page of all but D, and a picture of all but D, one of them by http."""
    space = make_space()
    for degrees, sku in zip((0, 10, 20, 30), "ABCD", strict=True):
        product = put(space, sku, at_angle(degrees), url=THERE.get(sku, ""))
        ProductImage.objects.bulk_create(
            [ProductImage(product=product, file=f"products/{sku}.jpg", sha256=sku.lower() * 64, width=10, height=10,
                          source_url=SOURCES[sku])]
        )  # fmt: skip


def from_kindred(sku: str) -> str:
    return f"/images/{sku.lower() * 64}/640.webp"


PAGES = THERE | {"D": f"{OURS}/products/D/"}
BY_KINDRED = {sku: OURS + from_kindred(sku) for sku in "ABCD"}
BY_SHOP = {"A": SOURCES["A"], "B": SOURCES["B"], "C": OURS + from_kindred("C"), "D": OURS + from_kindred("D")}


def ask(client: Any, address: str, body: dict[str, Any] | None = None) -> dict[str, tuple[str, str]]:
    """Return page and picture of each product that an answer of the API has."""
    address = f"/api/v1/{address}"
    answer = client.post(address, body, content_type="application/json") if body else client.get(address)
    data = answer.json()
    if "placements" in data:
        data = data["placements"][0]["list"]
    results = data.get("results", [data])
    return {result["sku"]: (result["url"], result["image_url"]) for result in results}


@pytest.mark.parametrize(("setting", "pictures"), [("kindred", BY_KINDRED), ("shop", BY_SHOP)])
def test_every_answer_says_the_shops_pages_and_pictures_where_settings_say(client, shelf, settings, setting, pictures):
    settings.KINDRED_PICTURES_FROM = setting
    everything = {sku: (PAGES[sku], pictures[sku]) for sku in "ABCD"}
    others = {sku: everything[sku] for sku in "BCD"}

    assert ask(client, "products/") == everything
    assert ask(client, "products/A/") == {"A": everything["A"]}
    assert ask(client, "products/A/similar/") == others
    batch = {"placements": [{"id": "x", "anchors": ["A"]}]}
    assert ask(client, "recommendations/", batch) == others
    images = client.get("/api/v1/products/A/").json()["images"]
    assert set(images[0]["sizes"].values()) == (
        {SOURCES["A"]} if setting == "shop" else {f"{OURS}/images/{'a' * 64}/{width}.webp" for width in (160, 320, 640)}
    )
    assert images[0]["source_url"] == SOURCES["A"]


def links(html: str) -> set[str]:
    return set(re.findall(r'<a [^>]*?href="([^"?#]*(?:example[^"]*|/products/[A-D]/))"', html))


def pictures_of(html: str) -> set[str]:
    return set(re.findall(r'<img src="([^"]*)"', html)) - {"/static/catalog/kindred.svg"}


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/", "ABCD"), ("/products/C/", "CBD"), ("/products/A/", "ABCD")],
)
def test_every_page_links_to_the_shops(client, shelf, path, shown):
    Product.objects.filter(sku__in="AB").update(variant_group="g")  # each is among the other's variants
    html = client.get(path).content.decode()

    assert links(html) == {
        "/products/D/" if sku == "D" else f"https://shop.example/{sku.lower()}?from=a&amp;to=b" for sku in shown
    }


@pytest.mark.parametrize(("setting", "first"), [("kindred", "/images/{}/320.webp"), ("shop", SOURCES["A"])])
def test_pages_and_tags_show_pictures_from_where_settings_say(client, shelf, settings, setting, first):
    settings.KINDRED_PICTURES_FROM = setting
    wanted = first.format("a" * 64).replace("&", "&amp;")
    tag = Template("{% load recommendations %}{% similar_products 'C' limit=3 %}").render(Context())

    for html in (tag, client.get("/").content.decode(), client.get("/products/A/").content.decode()):
        assert wanted in pictures_of(html), html
        assert f"/images/{'d' * 64}/320.webp" in pictures_of(html)
        assert ("/images/" + "a" * 64 in html) == (setting == "kindred")
    page = client.get("/products/A/").content.decode()
    assert page.count("srcset=") == page.count('<img src="/images/')  # the shop's comes in one size


def test_our_page_says_which_is_the_shops_own(client, shelf):
    assert (
        '<link rel="canonical" href="https://shop.example/a?from=a&amp;to=b">'
        in client.get("/products/A/").content.decode()
    )
    assert "canonical" not in client.get("/products/D/").content.decode()


def test_the_admin_shows_our_pictures_and_leads_to_the_shop(admin_client, settings):
    settings.KINDRED_PICTURES_FROM = "shop"
    product = Product.objects.create(sku="A", title="A", url=THERE["A"])
    picture = {"file": "products/a.jpg", "sha256": "a" * 64, "width": 10, "height": 10, "source_url": SOURCES["A"]}
    ProductImage.objects.bulk_create([ProductImage(product=product, **picture)])
    page = admin_client.get(f"/admin/catalog/product/{product.pk}/change/").content.decode()

    assert f"/images/{'a' * 64}/160.webp" in admin_client.get("/admin/catalog/product/").content.decode()
    assert f'src="/images/{"a" * 64}/160.webp"' in page
    assert f'<a href="{SOURCES["A"].replace("&", "&amp;")}" target="_blank" rel="noopener noreferrer">' in page
    view = re.search(r'href="([^"]*)"[^>]*class="viewsitelink"', page)
    assert view is not None
    assert admin_client.get(view[1]).headers["Location"] == THERE["A"]


@pytest.mark.parametrize(
    ("origins", "is_the_shops"),
    [
        ([], True),
        (["https://cdn.example"], True),
        (["https://CDN.example:443"], True),
        (["https://media.example", "https://cdn.example"], True),
        (["https://media.example"], False),
        (["https://*.example"], True),
        (["https://*.cdn.example"], False),
        (["https://n.example"], False),
        (["https://cdn.example:8443"], False),
    ],
)
@pytest.mark.parametrize("address", ["https://cdn.example/a.jpg", "HTTPS://CDN.example:443/a.jpg"])
def test_a_picture_that_the_policy_of_pages_does_not_let_in_is_served_here(settings, origins, is_the_shops, address):
    settings.KINDRED_PICTURES_FROM, settings.KINDRED_PICTURE_ORIGINS = "shop", origins
    shown = ProductImage(sha256="a" * 64, source_url=address).shown_url(640)
    assert shown == (address if is_the_shops else from_kindred("A"))


@pytest.mark.parametrize(
    ("setting", "origins", "shown"),
    [
        ("kindred", [], "'self' data:"),
        ("shop", [], "'self' data: https:"),
        ("shop", ["https://cdn.example"], "'self' data: https://cdn.example"),
    ],
)
def test_pages_may_show_the_shops_pictures_where_they_do(client, settings, setting, origins, shown):
    settings.KINDRED_PICTURES_FROM, settings.KINDRED_PICTURE_ORIGINS = setting, origins
    policy = client.get("/").headers["Content-Security-Policy"]
    assert re.search("img-src ([^;]*);", policy)[1] == shown


def test_a_setting_that_nobody_understands_is_named(settings):
    settings.KINDRED_PICTURES_FROM = "cdn"
    settings.KINDRED_PICTURE_ORIGINS = [
        "https://cdn.example",
        "https://*.cdn.example",
        "cdn.example",
        "https://cdn.example/x",
    ]
    found = [message for message in run_checks() if message.id.startswith("catalog.")]
    assert [(message.id, message.msg) for message in found] == [
        ("catalog.E001", "KINDRED_PICTURES_FROM is 'cdn': nobody serves pictures by that name."),
        ("catalog.W001", "KINDRED_PICTURE_ORIGINS has 'cdn.example', which is no origin."),
        ("catalog.W001", "KINDRED_PICTURE_ORIGINS has 'https://cdn.example/x', which is no origin."),
    ]


def test_the_page_that_explains_links_to_the_shops(client, shelf, monkeypatch):
    monkeypatch.setattr("recommendations.pages.explain_pair", lambda *_: None)
    assert links(client.get("/products/C/why/A/").content.decode()) == {
        "https://shop.example/c?from=a&amp;to=b",
        "https://shop.example/a?from=a&amp;to=b",
    }
    assert links(client.get("/products/D/why/A/").content.decode()) == {
        "/products/D/",
        "https://shop.example/a?from=a&amp;to=b",
    }
