"""The admin's lists of a large catalogue: counts are bounded, and orders, filters and searches have an index."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from api import counts
from catalog import admin as catalog_admin
from catalog.models import Category, Product
from recommendations.models import Rule
from tests.factories import ProductFactory, ProductImageFactory
from tests.plans import avoid, fill_shop, read_plans

pytestmark = pytest.mark.django_db

PRODUCTS = "/admin/catalog/product/"


def skus(response) -> list[str]:
    return [product.sku for product in response.context["cl"].queryset]


@pytest.fixture
def few_counted(monkeypatch):
    monkeypatch.setattr(counts, "MAX_COUNTED", 200)
    monkeypatch.setattr(catalog_admin, "MAX_COUNTED", 200)


def test_a_long_list_says_about_how_many_and_how_to_see_the_others(admin_client, few_counted):
    fill_shop()

    html = admin_client.get(f"{PRODUCTS}?p=4").content.decode()

    assert "about 3,000 products; pages end after 200: search, filter or turn the order round" in html
    assert "3000 results" not in html
    assert admin_client.get(f"{PRODUCTS}?p=5").status_code == 302


def test_a_short_list_is_counted_exactly(admin_client, few_counted):
    ProductFactory()
    assert "about" not in admin_client.get(PRODUCTS).content.decode()


def test_no_list_counts_what_each_filter_would_keep(admin_client):
    for path in (PRODUCTS, "/admin/embeddings/pendingembedding/", "/admin/catalog/productimage/"):
        assert "_facets" not in admin_client.get(path).content.decode()
        assert not admin_client.get(f"{path}?_facets=True").context["cl"].add_facets


def test_a_category_of_many_products_is_counted_as_far_as_that_goes(admin_client, few_counted):
    fill_shop()
    html = admin_client.get("/admin/catalog/category/").content.decode()
    assert '<td class="field-product_count">200+</td>' in html


@pytest.mark.parametrize(
    ("order", "index"),
    [("", "catalog_product_sku_key"), ("o=2", "product_by_title"), ("o=-2", "product_by_title"),
     ("o=3", "product_by_price"), ("o=-3", "product_by_price"), ("o=4", "catalog_product_sku_key")],
)  # fmt: skip
def test_each_order_that_can_be_chosen_has_its_index_and_an_address_with_another_is_by_sku(admin_client, order, index):
    fill_shop()

    plans = read_plans(lambda: admin_client.get(f"{PRODUCTS}?p=10&{order}"))

    page = plans[-1]
    assert f"using {index} on" in page
    assert "Sort" not in page


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("is_active__exact=0", "product_hidden"),
        ("missing=description", "product_undescribed"),
        ("missing=category", "product_unplaced"),
        ("missing=price", "product_unpriced"),
        ("missing=picture", "catalog_unpicturedproduct"),
        ("missing=translation", "product_untranslated"),
        ("in_stock=no", "product_stock_level"),
        ("in_stock=few", "product_stock_level"),
    ],
)
def test_what_few_products_pass_is_found_by_an_index(admin_client, query, index):
    fill_shop()
    Product.objects.filter(price=None).update(price=1)
    Product.objects.update(translations={"zh": {"title": "灯"}})
    give_pictures()

    for plan in read_plans(lambda: admin_client.get(f"{PRODUCTS}?{query}")):
        assert index in plan
        assert "Seq Scan on catalog_product" not in plan


def give_pictures() -> None:
    """One to every product, and tell Postgres."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_productimage (product_id, file, position, sha256, width, height, source_url, is_clean)"
            " SELECT id, 'products/a.webp', 0, '', 8, 8, '', true FROM catalog_product"
        )
        cursor.execute("DELETE FROM embeddings_pendingembedding")  # as in `fill_shop`
        cursor.execute("ANALYZE catalog_product, catalog_productimage, catalog_unpicturedproduct")


def test_what_is_in_stock_where_nearly_nothing_is_is_found_by_an_index(admin_client):
    fill_shop()
    Product.objects.update(stock=0)
    Product.objects.filter(sku="S7").update(stock=None)
    Product.objects.filter(sku="S8").update(stock=9)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_product")

    for plan in read_plans(lambda: admin_client.get(f"{PRODUCTS}?in_stock=yes")):
        assert "product_stock_level" in plan
    assert skus(admin_client.get(f"{PRODUCTS}?in_stock=yes")) == ["S7", "S8"]


@pytest.mark.parametrize(
    ("choice", "found"),
    [("yes", ["S1", "S3", "S4", "UNCOUNTED"]), ("few", ["S1", "S3"]), ("no", ["S0"]), ("made-up", None)],
)
def test_products_are_told_apart_by_what_is_left_of_them(admin_client, choice, found):
    for stock in (0, 1, 3, 4):
        ProductFactory(sku=f"S{stock}", stock=stock)
    ProductFactory(sku="UNCOUNTED", stock=None)
    assert skus(admin_client.get(PRODUCTS, {"in_stock": choice})) == (found or ["S0", "S1", "S3", "S4", "UNCOUNTED"])


@pytest.mark.parametrize("text", ["nothing", "S2718", "x9", "lamp warm"])
def test_every_part_of_a_search_has_an_index(admin_client, text):
    fill_shop()
    avoid("seqscan", "indexscan")

    plans = read_plans(lambda: admin_client.get(PRODUCTS, {"q": text}))

    assert len(plans) == 2
    for plan in plans:
        assert "Bitmap Index Scan on product_names" in plan
        assert "Bitmap Index Scan on catalog_product_search_title" in plan
        assert "Seq Scan on catalog_product" not in plan


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mid", ["AMID-1"]),
        ("-1", []),
        ("am", ["AMID-1"]),
        ("cafe", ["B"]),
        ("杯", ["C"]),
        ("红杯", ["C"]),
        ("100%", ["D"]),
        ("0%", []),
        ("_", []),
        ('"pure wool"', ["D"]),
        ('"wool pure"', []),
        ("wool halden", ["D"]),
        ("series", ["B"]),
        ("group-7", ["C"]),
        ("\\", []),
    ],
)
def test_the_search_finds_parts_of_names_and_titles_in_any_case_and_every_word_has_to_be_there(
    admin_client, text, found
):
    ProductFactory(sku="AMID-1", title="Lamp", brand="Nord")
    ProductFactory(sku="B", title="Café chair", brand="Nord", collection="Series 5")
    ProductFactory(sku="C", title="Becher", translations={"zh": {"title": "大红杯"}}, variant_group="group-7")
    ProductFactory(sku="D", title="100% pure wool", brand="Halden")

    assert skus(admin_client.get(PRODUCTS, {"q": text})) == found


def test_pictures_are_found_by_their_product_and_by_their_checksum(admin_client):
    mug, _ = ProductImageFactory(product=ProductFactory(sku="MUG")), ProductImageFactory()
    for text in ("mug", mug.sha256):
        page = admin_client.get("/admin/catalog/productimage/", {"q": text})
        assert list(page.context["cl"].queryset) == [mug]


def test_the_filter_offers_each_collection_once(admin_client):
    fill_shop()
    html = admin_client.get(PRODUCTS).content.decode()
    assert [html.count(f"?collection=Collection+{number}") for number in range(10)] == [1] * 10


def test_a_rule_for_a_brand_that_is_gone_looks_for_it_in_an_index():
    fill_shop()
    avoid("seqscan")
    for plan in read_plans(Rule(target_brand="brand 44").find_missing):
        assert "Seq Scan" not in plan


def test_the_counts_of_categories_stop_where_they_are_no_longer_read():
    fill_shop()
    with_counts = catalog_admin.CategoryAdmin(Category, catalog_admin.admin.site).get_queryset(None)

    avoid("bitmapscan")

    (plan,) = read_plans(lambda: list(with_counts[:5]), table="catalog_category")

    assert re.search(
        r"SubPlan 1\n +->  Aggregate\n +->  Limit\n +->  Index Only Scan using catalog_product_category", plan
    )
