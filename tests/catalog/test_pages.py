"""The shop's pages: what they show, in which language, and with how many queries."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Product
from tests.factories import ProductFactory, ProductImageFactory

pytestmark = pytest.mark.django_db

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def titles(response) -> list[str]:
    return [product.title for product in response.context["page"]]


def count_queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len([query for query in queries if "catalog_" in query["sql"]])


@pytest.fixture
def shop():
    mugs = Category.objects.get_or_create_path("Tableware/Mugs")
    lamps = Category.objects.get_or_create_path("Lighting")
    ProductFactory(sku="M1", title="Red mug", category=mugs, price=Decimal(9), brand="Kumori", stock=0)
    ProductFactory(sku="M2", title="Blue mug", category=mugs, price=Decimal(5), collection="Fjord")
    ProductFactory(sku="L1", title="Lamp", category=lamps, price=None)
    ProductFactory(sku="H1", title="Hidden", category=mugs, is_active=False)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Lamp", "Blue mug", "Red mug"]),
        ("category=Tableware", ["Blue mug", "Red mug"]),
        ("category=Tableware/Mugs&brand=Kumori", ["Red mug"]),
        ("brand=Nordlyn", ["Lamp", "Blue mug"]),
        ("collection=Fjord", ["Blue mug"]),
        ("in_stock=1", ["Lamp", "Blue mug"]),
        ("order=price", ["Blue mug", "Red mug", "Lamp"]),
        ("order=-price", ["Red mug", "Blue mug", "Lamp"]),
        ("order=title", ["Blue mug", "Lamp", "Red mug"]),
        ("order=nonsense&page=banana&category=%00", ["Lamp", "Blue mug", "Red mug"]),
        ("brand=%20&collection=%09", ["Lamp", "Blue mug", "Red mug"]),
        ("page=99", ["Lamp", "Blue mug", "Red mug"]),
        ("brand=" + "x" * 2000, []),
    ],
)
def test_the_list_shows_what_is_asked_for_in_order(client, shop, query, expected):
    assert titles(client.get(f"/?{query}")) == expected


@pytest.mark.parametrize("category", ["Nothing", "Table", "Mugs", "tableware", "Tableware/Mugs/Red"])
def test_a_category_that_is_not_there_is_not_found(client, shop, category):
    response = client.get("/", {"category": category})
    assert response.status_code == 404
    assert "This page is not here" in response.content.decode()


def test_a_category_without_products_is_there(client):
    Category.objects.get_or_create_path("A/B")
    for path in ("A", "A/B", " A // B "):
        assert titles(client.get("/", {"category": path})) == []


def test_an_empty_shop_says_so_and_a_filter_that_leaves_nothing_leads_back_to_everything(client):
    empty, filtered = client.get("/").content.decode(), client.get("/?in_stock=1").content.decode()
    assert "There are no products in the shop yet." in empty
    assert "See everything" not in empty
    assert "Nothing here matches." in filtered
    assert "See everything" in filtered


def test_a_search_for_nothing_says_what_can_be_searched_for(client):
    assert "Write what you are looking for, or search by a photo of it." in client.get("/search/").content.decode()


def test_the_chosen_brand_can_be_unchosen_where_the_category_has_none_of_it(client, shop):
    assert client.get("/?category=Lighting&brand=Kumori").context["brands"] == ["Kumori", "Nordlyn"]


def test_a_card_shows_picture_brand_title_price_and_whether_it_is_out_of_stock(client):
    product = ProductFactory(sku="A/1", title="Mug <b>", brand="K & K", price=Decimal("1234.5"), stock=0)
    image = ProductImageFactory(product=product)
    html = client.get("/").content.decode()

    assert 'class="card is-out" href="/products/A/1/"' in html
    assert f'src="/images/{image.sha256}/320.webp"' in html
    assert "Mug &lt;b&gt;" in html
    assert "K &amp; K" in html
    assert "€1,234.50" in html
    assert "Out of stock" in html


def test_pages_follow_each_other_and_keep_the_filters(client):
    for number in range(30):
        ProductFactory(title=f"Mug {number:02}")

    first = client.get("/?order=title&brand=Nordlyn")
    second = client.get("/?order=title&brand=Nordlyn&page=2")

    assert titles(first) + titles(second) == [f"Mug {number:02}" for number in range(30)]
    assert '<a rel="next" href="?order=title&amp;brand=Nordlyn&amp;page=2">' in first.content.decode()
    assert '<a rel="prev" href="?order=title&amp;brand=Nordlyn&amp;page=1">' in second.content.decode()


def test_the_category_navigation_opens_along_the_way_to_the_chosen_one(client):
    for path in ("A/B/C", "A/B2", "D/E"):
        Category.objects.get_or_create_path(path)

    def shown(query: str) -> list[str]:
        return [node.path for node in client.get(f"/?{query}").context["categories"]]

    assert shown("") == ["A", "D"]
    assert shown("category=A/B") == ["A", "A/B", "A/B/C", "A/B2", "D"]


def test_the_product_page_shows_everything_about_it(client):
    product = ProductFactory(
        sku="M-1",
        title="Halla mug",
        description="First.\n\n<script>alert(1)</script>",
        category=Category.objects.get_or_create_path("Table & Kitchen/Mugs"),
        price=Decimal("15.9"),
        stock=2,
        attributes={"weight_g": 420, "colours": ["red", "blue"], "empty": ""},
        collection="Fjord",
        variant_group="HALLA",
    )
    first, second = ProductImageFactory(product=product), ProductImageFactory(product=product, position=1)
    sibling = ProductFactory(title="Halla mug, blue", variant_group="HALLA")
    ProductFactory(title="Hidden", variant_group="HALLA", is_active=False)
    response = client.get("/products/M-1/")
    html = response.content.decode()

    assert "<h1>Halla mug</h1>" in html
    assert "<p>First.</p>" in html
    assert "&lt;script&gt;" in html
    assert "€15.90" in html
    assert "Only 2 left" in html
    assert '<th scope="row">Weight</th><td>420 g</td>' in html
    assert '<th scope="row">Colours</th><td>red, blue</td>' in html
    assert '<a href="/?category=Table%20%26%20Kitchen%2FMugs" aria-label="Table &amp; Kitchen/Mugs">Mugs</a>' in html
    assert 'alt="Halla mug, picture 1"' in html
    assert 'alt="Halla mug, picture 2"' in html
    assert [image.pk for image in response.context["product"].images.all()] == [first.pk, second.pk]
    assert [variant.pk for variant in response.context["variants"]] == [sibling.pk]


def test_a_product_with_nothing_but_a_title_has_a_page(client):
    Product.objects.create(sku="A", title="Mug")
    html = client.get("/products/A/").content.decode()

    assert "Price on request" in html
    assert "There is no picture" in html


@pytest.mark.parametrize("sku", ["A/1", "A B", "Ä?#%&+1", "碗-1"])
def test_every_sku_has_a_page_that_its_own_link_leads_to(client, sku):
    product = ProductFactory(sku=sku)
    product.full_clean()

    assert client.get(product.get_absolute_url()).context["product"] == product


def test_a_product_that_is_hidden_or_gone_is_not_found(client):
    ProductFactory(sku="H", is_active=False)

    for sku in ("H", "nothing"):
        response = client.get(f"/products/{sku}/")
        assert response.status_code == 404
        assert "This page is not here" in response.content.decode()


def test_visitors_who_read_chinese_see_the_chinese_wording_and_others_do_not(client):
    ProductFactory(sku="A", title="Mug", description="Warm", translations={"zh": {"title": "马克杯"}})

    chinese = client.get("/products/A/", headers={"accept-language": "zh-CN,zh;q=0.9"}).content.decode()
    english = client.get("/products/A/", headers={"accept-language": "en"}).content.decode()

    assert "<h1>马克杯</h1>" in chinese
    assert "<p>Warm</p>" in chinese  # has no translation
    assert '<html lang="zh-hans">' in chinese
    assert "有货" in chinese
    assert "<h1>Mug</h1>" in english
    assert "In stock" in english


def test_the_language_can_be_chosen_and_is_kept(client):
    ProductFactory(sku="A", title="Mug", translations={"zh": {"title": "马克杯"}})
    response = client.post("/language/setlang/", {"language": "zh-hans", "next": "/products/A/"})

    assert response.headers["Location"] == "/products/A/"
    assert "马克杯" in client.get("/").content.decode()


def test_no_page_needs_more_queries_for_more_products(client, monkeypatch):
    monkeypatch.setattr("embeddings.coverage.KEEP_S", 600)
    mugs = Category.objects.get_or_create_path("A/B")

    def add(count: int) -> None:
        for _ in range(count):
            ProductImageFactory(product=ProductFactory(category=mugs, variant_group="G"))

    add(2)
    client.get("/")  # how much is embedded is counted once in a while
    few = [count_queries(client, "/"), count_queries(client, "/?category=A/B"), count_queries(client, some_page())]
    add(20)
    many = [count_queries(client, "/"), count_queries(client, "/?category=A/B"), count_queries(client, some_page())]

    assert few == many
    assert few[:2] == [6, 7]  # count, numbers, products, pictures, categories, brands; and those of the category


def some_page() -> str:
    return Product.objects.order_by("pk")[0].get_absolute_url()


def test_a_view_that_fails_shows_the_error_page(monkeypatch):
    monkeypatch.setattr("catalog.pages.Listing.brands", lambda listing: 1 / 0)
    client = Client(raise_request_exception=False)
    response = client.get("/")

    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


def test_pages_load_nothing_from_elsewhere_and_run_no_script(client, shop):
    for path in ("/", "/products/M1/"):
        html = client.get(path).content.decode()
        assert "://" not in html.replace('xmlns="http://www.w3.org/2000/svg"', "")
