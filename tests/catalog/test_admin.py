"""The catalogue in the admin."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.db import connection
from django.db.models import JSONField, Value
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import admin as catalog_admin
from catalog.admin import ProductAdmin
from catalog.models import Category, Product, ProductImage, Wording
from tests.behaviour.forecast_rows import make_forecast
from tests.factories import CategoryFactory, ProductFactory, ProductImageFactory, picture_file

pytestmark = pytest.mark.django_db

PICTURES = "images"


def form_data(**changes: object) -> dict[str, object]:
    """What the browser sends for a new product without pictures."""
    data = {"sku": "A", "title": "Mug", "description": "", "attributes": "{}", "translations": "{}", "is_active": "on"}
    formset = {f"{PICTURES}-TOTAL_FORMS": 0, f"{PICTURES}-INITIAL_FORMS": 0}
    return {**data, **formset, **changes}


def with_picture(file: object) -> dict[str, object]:
    return {f"{PICTURES}-TOTAL_FORMS": 1, f"{PICTURES}-0-file": file, f"{PICTURES}-0-position": 0}


def test_the_list_shows_thumbnails_and_needs_no_more_queries_for_more_products(admin_client):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            admin_client.get("/admin/catalog/product/")
        return len(queries)

    image = ProductImageFactory()
    count()  # the first page of a process looks up what it keeps
    few = count()
    for _ in range(20):
        ProductImageFactory(product=ProductFactory(category=CategoryFactory()))

    assert count() == few
    html = admin_client.get("/admin/catalog/product/?q=" + image.product.sku).content.decode()
    assert f'<img class="thumb" src="{image.sized_url(160)}"' in html
    assert f'<span class="row-details">{image.product.sku} · Nordlyn</span>' in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=halla", ["A"]),
        ("q=b", ["B"]),
        ("in_stock=yes", ["A", "C"]),
        ("in_stock=no", ["B"]),
        ("in_stock=few", ["C"]),
        ("missing=picture", ["B", "C"]),
        ("missing=category", ["B"]),
        ("in_category=T", ["A", "C"]),
        ("in_category=%00", []),
        ("in_category=T%00", []),
        ("in_category=Unknown", []),
        ("is_active__exact=0", ["C"]),
    ],
)
def test_search_and_filters(admin_client, query, expected):
    mugs = Category.objects.get_or_create_path("T/M")
    ProductImageFactory(product=ProductFactory(sku="A", title="Halla", category=mugs))
    ProductFactory(sku="B", stock=0, title="x", brand="")
    ProductFactory(sku="C", stock=2, category=mugs.parent, is_active=False, title="x", brand="")

    response = admin_client.get(f"/admin/catalog/product/?{query}")

    assert [product.sku for product in response.context["cl"].queryset] == expected


def test_a_product_is_made_with_a_picture_that_is_checked_by_content(admin_client):
    url = "/admin/catalog/product/add/"
    refused = admin_client.post(url, form_data(**with_picture(picture_file(format="BMP", name="a.png"))))

    assert refused.status_code == 200
    assert "not a JPEG, PNG, WebP or GIF picture" in refused.content.decode()
    assert not Product.objects.exists()

    accepted = admin_client.post(url, form_data(**with_picture(picture_file(size=(60, 50), name="../../holiday.gif"))))

    assert accepted.status_code == 302
    image = ProductImage.objects.get()
    assert (image.width, image.height) == (60, 50)
    assert image.file.name == f"products/{image.sha256[:2]}/{image.sha256}.png"


def test_the_form_shows_pictures_and_json_that_can_be_read(admin_client):
    product = ProductFactory(translations={"zh": {"title": "马克杯"}})
    image = ProductImageFactory(product=product)
    html = admin_client.get(f"/admin/catalog/product/{product.pk}/change/").content.decode()

    assert f'src="{image.sized_url(160)}" width="96"' in html
    assert "40 × 30 px" in html
    assert "&quot;title&quot;: &quot;马克杯&quot;" in html


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sku": ".."}, "A SKU may not contain control characters"),
        ({"price": "-1"}, "greater than or equal to 0"),
        ({"attributes": "{broken"}, "Enter a valid JSON"),
        ({"title": ""}, "This field is required"),
    ],
)
def test_bad_input_is_refused_with_a_message(admin_client, changes, message):
    response = admin_client.post("/admin/catalog/product/add/", form_data(**changes))

    assert message in response.content.decode()
    assert not Product.objects.exists()


def test_price_and_stock_can_be_edited_in_the_list(admin_client):
    product = ProductFactory(stock=1)
    data = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": product.pk, "form-0-price": "7.50"}
    admin_client.post("/admin/catalog/product/", {**data, "form-0-stock": "9", "_save": "Save"})
    product.refresh_from_db()

    assert (product.price, product.stock, product.is_active) == (Decimal("7.50"), 9, False)


@pytest.mark.parametrize(("action", "shown"), [("hide_from_shop", False), ("show_in_shop", True)])
def test_products_are_shown_and_hidden_together(admin_client, action, shown):
    products = [ProductFactory(is_active=not shown) for _ in range(2)]
    data = {"action": action, "_selected_action": [product.pk for product in products]}
    admin_client.post("/admin/catalog/product/", data)

    assert list(Product.objects.values_list("is_active", flat=True)) == [shown, shown]


def test_a_category_is_renamed_with_everything_below_and_refused_where_it_cannot_be(admin_client):
    leaf = Category.objects.get_or_create_path("A/B/C")
    root = Category.objects.get(path="A")
    admin_client.post(f"/admin/catalog/category/{root.pk}/change/", {"name": "Z", "parent": ""})
    assert Category.objects.get(pk=leaf.pk).path == "Z/B/C"

    response = admin_client.post(f"/admin/catalog/category/{root.pk}/change/", {"name": "Z", "parent": leaf.pk})
    assert "cannot be moved into itself or below itself" in response.content.decode()
    response = admin_client.post("/admin/catalog/category/add/", {"name": "Z", "parent": ""})
    assert "There is already a category Z" in response.content.decode()
    assert Category.objects.count() == 3


def test_categories_are_listed_as_a_tree_with_their_products(admin_client):
    leaf = Category.objects.get_or_create_path("A/B")
    ProductFactory(category=leaf)
    response = admin_client.get("/admin/catalog/category/")

    assert [(node.path, node.product_count) for node in response.context["cl"].queryset] == [("A", 0), ("A/B", 1)]
    assert '<span class="tree-name tree-1">B</span>' in response.content.decode()


@pytest.mark.parametrize("path", ["category", "product", "productimage"])
@pytest.mark.parametrize("page", ["", "add/"])
def test_every_page_opens_also_with_data(admin_client, path, page):
    ProductImageFactory(product=ProductFactory(category=CategoryFactory()))

    assert admin_client.get(f"/admin/catalog/{path}/{page}").status_code == 200


def test_a_picture_has_a_form_of_its_own(admin_client):
    image = ProductImageFactory()
    html = admin_client.get(f"/admin/catalog/productimage/{image.pk}/change/").content.decode()

    assert image.sha256 in html


def test_other_apps_can_add_a_panel_to_the_form(rf, admin_user, monkeypatch):
    monkeypatch.setattr(ProductAdmin, "panels", {})
    ProductAdmin.add_panel("Kindred ones", lambda product: f"near {product.sku}")
    product = ProductFactory(sku="A")
    request = rf.get("/")
    request.user = admin_user
    model_admin = ProductAdmin(Product, AdminSite())

    html = model_admin.change_view(request, str(product.pk)).render().content.decode()
    assert "Kindred ones" in html
    assert "near A" in html
    assert "Kindred ones" not in model_admin.add_view(request).render().content.decode()


def test_the_admin_is_ours_to_look_at(admin_client):
    assert admin.site.site_header == "Kindred"
    assert "catalog/admin.css" in admin_client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("attributes", "translations"),
    [({"a": 1}, {}), ([1], ["zh"]), ("x", "y"), (None, None), ({"a": "\u2028"}, {"Chinese!": {"title": "杯"}})],
)
def test_what_nobody_touched_stays_byte_for_byte_and_keeps_nobody_from_the_stock(
    admin_client, attributes, translations
):
    old = {"title": " Poster\n<b>bold</b> type ", "description": "\n<i>One</i>\rTwo\nthree  ", "currency": "e1"}
    product = ProductFactory(sku="A", stock=1, brand="")
    Product.objects.update(
        attributes=Value(attributes, JSONField()), translations=Value(translations, JSONField()), **old
    )
    before = Product.objects.values("attributes", "translations", *old).get()
    page = admin_client.get(f"/admin/catalog/product/{product.pk}/change/")
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    sent["title"] = sent["title"].replace("\n", "")  # as browsers do in a field of one line
    for name in ("description", "attributes", "translations"):
        sent[name] = sent[name].replace("\r", "\n").replace("\n", "\r\n")
    answer = admin_client.post(page.request["PATH_INFO"], form_data(**sent | {"stock": 7}))

    assert answer.status_code == 302
    assert Product.objects.get().stock == 7
    assert Product.objects.values("attributes", "translations", *old).get() == before


def test_a_product_that_is_deleted_meanwhile_is_said_to_be_gone(admin_client, monkeypatch):
    product = ProductFactory(sku="A")
    real_form = catalog_admin.ProductForm.clean

    def clean(form):
        Product.objects.filter(pk=product.pk).delete()
        return real_form(form)

    monkeypatch.setattr(catalog_admin.ProductForm, "clean", clean)
    url = f"/admin/catalog/product/{product.pk}/change/"
    page = admin_client.post(url, form_data(title="New", _save="Save"), follow=True)

    assert page.redirect_chain == [("/admin/catalog/product/", 302)]
    assert "This product has been deleted meanwhile. Nothing was saved." in page.content.decode()
    assert not Product.objects.filter(title="New").exists()


@pytest.mark.parametrize("query", ["collection=%00", "collection__exact=a%00b", "brand=%00&in_category=%00"])
def test_an_address_with_what_no_text_can_hold_is_a_bad_request_and_no_failure(admin_client, query):
    ProductFactory()
    assert admin_client.get(f"/admin/catalog/product/?{query}").status_code in (302, 400)
    assert admin_client.get("/admin/catalog/product/").status_code == 200


def test_a_page_that_is_old_by_now_changes_what_was_touched_there_and_nothing_else(admin_client):
    product = ProductFactory(sku="A", title="Old", stock=1, brand="", attributes={"colour": "red"})
    url = f"/admin/catalog/product/{product.pk}/change/"
    page = admin_client.get(url)
    form = page.context["adminform"].form
    values = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    shown = {f"initial-{name}": value for name, value in values.items()}
    html = page.content.decode()
    assert [name for name in form.fields if f'name="initial-{name}"' not in html] == []
    Product.objects.update(title="New", stock=5, attributes={"colour": "blue"})  # a colleague, a feed
    admin_client.post(url, form_data(**values | shown | {"brand": "Kumori"}))
    assert Product.objects.values_list("title", "stock", "brand", "attributes").get() == (
        "New", 5, "Kumori", {"colour": "blue"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"title": "Hers", "description": "Two\nlines"}, "title"),
        ({"price": Decimal("12.5"), "category": "Cups"}, "category, price"),
        ({"attributes": {"colour": "blue"}, "is_active": False}, "attributes"),
        ({"brand": "Hers"}, ""),
    ],
)
def test_who_saves_over_what_somebody_else_has_changed_meanwhile_is_told(admin_client, changed, told):
    mugs, cups, bowls = (Category.objects.get_or_create_path(path) for path in ("Mugs", "Cups", "Bowls"))
    product = ProductFactory(sku="A", title="Old", description="One\nline", price="9.90", category=mugs)
    page = admin_client.get(url := f"/admin/catalog/product/{product.pk}/change/").content.decode()
    inputs = re.findall(r'name="(initial-[a-z_]+)" value="([^"]*)"', page)
    shown = {name: unescape(value) for name, value in inputs}
    shown |= {"initial-description": "One\r\nline"}  # as browsers send it
    Product.objects.update(**changed | ({"category": cups} if "category" in changed else {}))  # a colleague
    sent = {name.removeprefix("initial-"): value for name, value in shown.items() if name != "initial-is_active"}
    mine = {"title": "Mine", "price": "11", "category": bowls.pk, "attributes": '{"colour": "green"}'}
    answer = admin_client.post(url, form_data(**shown | sent | mine), follow=True)
    said = [str(message) for message in answer.context["messages"] if "Somebody else" in str(message)]
    expected = f"Somebody else has changed {told} of A since you opened the page. It is now as you saved it."
    assert [text.lower() for text in said] == ([expected.lower()] if told else [])
    assert Product.objects.values_list("title", "price", "category").get() == ("Mine", Decimal("11.00"), bowls.pk)


def test_a_list_that_is_old_by_now_changes_the_rows_that_were_touched_there(admin_client):
    for sku in "AB":
        ProductFactory(sku=sku, stock=1, price="15.90")
    html = admin_client.get("/admin/catalog/product/").content.decode()
    tags = r'<input type="(?:hidden|text|number|checkbox)" name="([^"]*form-[^"]+)"(?: value="([^"]*)")?'
    inputs = re.findall(tags, html)
    data = {name: value or "on" for name, value in inputs}
    assert len([name for name in data if name.startswith("initial-form-")]) == 6
    Product.objects.update(stock=7)  # a feed
    admin_client.post("/admin/catalog/product/", data | {"form-1-price": "9.00", "_save": "Save"})
    assert list(Product.objects.order_by("sku").values_list("price", "stock")) == [
        (Decimal("15.90"), 7),
        (Decimal("9.00"), 7),
    ]


def test_a_product_that_is_deleted_while_its_row_of_the_list_is_saved_costs_a_message(admin_client, monkeypatch):
    products = [ProductFactory(sku="A"), ProductFactory(sku="B")]
    data: dict[str, object] = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    for number, product in enumerate(products):
        cells = {"id": product.pk, "price": "9.00", "stock": "3", "is_active": "on"}
        data |= {f"form-{number}-{name}": value for name, value in cells.items()}

    def delete_first(product, write):
        raise Product.DoesNotExist

    monkeypatch.setattr("catalog.admin.write_product", delete_first)
    page = admin_client.post("/admin/catalog/product/", data, follow=True)
    assert page.status_code == 200
    assert [str(message) for message in page.context["messages"]] == [
        "A product of this list has been deleted meanwhile. Nothing was saved."
    ]
    assert set(Product.objects.values_list("price", flat=True)) == {Decimal("15.90")}


def test_a_picture_is_given_its_address_in_the_shop_and_loses_it_with_its_file(admin_client):
    product = ProductFactory()
    form = {"product": product.pk, "position": 0}
    add = form | {"file": picture_file("red"), "address": "https://cdn.example/a 1.jpg"}
    admin_client.post("/admin/catalog/productimage/add/", add)
    image = ProductImage.objects.get()
    assert image.source_url == "https://cdn.example/a%201.jpg"

    change = f"/admin/catalog/productimage/{image.pk}/change/"
    refused = admin_client.post(change, form | {"address": "javascript:alert(1)"})
    assert refused.context["adminform"].form.errors.keys() == {"address"}
    admin_client.post(change, form | {"address": "https://cdn.example/moved.jpg"})
    image.refresh_from_db()
    assert image.source_url == "https://cdn.example/moved.jpg"
    admin_client.post(change, form | {"file": picture_file("blue"), "address": image.source_url})
    image.refresh_from_db()
    assert image.source_url == ""


def test_a_product_is_deleted_with_what_workers_made_of_it(admin_client):
    """Nobody may delete a forecast by itself; that must not keep a product from being deleted."""
    product = ProductFactory()
    make_forecast(product)
    page = reverse("admin:catalog_product_delete", args=[product.pk])
    assert "Are you sure" in admin_client.get(page).content.decode()
    admin_client.post(page, {"post": "yes"})
    assert not Product.objects.exists()


def test_a_list_is_called_by_what_is_in_it_and_speaks_the_language_of_who_reads(admin_client):
    ProductFactory(title="Mug", category=CategoryFactory(name="Mugs"), translations={"zh": {"title": "马克杯"}})
    Wording.objects.create(kind="category", name="Mugs", language="zh", text="杯子")
    admin_client.cookies["django_language"] = "zh-hans"
    html = admin_client.get("/admin/catalog/product/").content.decode()
    assert "<h1>商品</h1>" in html
    assert "马克杯<span" in html
    assert html.count("杯子") == 2  # in the row and among the filters
    assert "<summary>分类</summary>" in html
