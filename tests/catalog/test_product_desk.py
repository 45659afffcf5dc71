"""The page and the list of products in the admin: pictures by drop and address, moves, editors, what others add."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery import current_app
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.admin import ProductAdmin
from catalog.doctor.tables import Finding
from catalog.models import Category, PictureDownload, Product
from catalog.pictures.ordering import order_pictures
from catalog.pictures.writes import run_download
from catalog.product_desk import json_editors, moving
from catalog.product_desk.json_editors import read_usual_names
from tests.factories import ProductFactory, ProductImageFactory, picture_bytes, picture_file
from tests.plans import fill_shop, read_plans

pytestmark = pytest.mark.django_db
PRODUCTS = "/admin/catalog/product/"
SCRIPT = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
LARGE = {"size": (300, 240)}


def page_of(product: Product) -> str:
    return f"{PRODUCTS}{product.pk}/change/"


def url(name: str, product: Product) -> str:
    return reverse(name, args=[product.pk])


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, *_, **__: names.append(name))
    return names


def test_pictures_are_added_in_the_order_in_which_they_come_and_the_answer_shows_them(admin_client):
    product = ProductFactory()
    files = [picture_file("red", **LARGE), picture_file("blue", **LARGE)]

    answer = admin_client.post(url("add_pictures", product), {"file": files}, **SCRIPT)

    assert answer.status_code == 200
    first, second = product.images.all()
    html = answer.content.decode()
    assert html.index(f'data-picture="{first.pk}"') < html.index(f'data-picture="{second.pk}"')
    assert [first.position, second.position] == [0, 1]


def test_a_file_that_is_no_picture_is_refused_in_words_and_nothing_is_written(admin_client):
    product = ProductFactory()

    answer = admin_client.post(url("add_pictures", product), {"file": picture_file(format="BMP")}, **SCRIPT)

    assert answer.status_code == 400
    assert "not a JPEG, PNG, WebP or GIF picture" in answer.json()["problem"]
    assert not product.images.exists()


def test_of_several_files_the_good_ones_stay_and_the_bad_one_is_named(admin_client):
    product = ProductFactory()
    files = [picture_file(name="good.png"), picture_file(format="BMP", name="bad.png")]

    answer = admin_client.post(url("add_pictures", product), {"file": files}, follow=True)

    assert product.images.count() == 1
    assert next(str(message) for message in answer.context["messages"]).startswith("bad.png: ")


def test_a_picture_by_address_is_on_its_way_until_a_worker_has_it(
    admin_client, sent, django_capture_on_commit_callbacks
):
    product = ProductFactory()
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin_client.post(url("add_pictures", product), {"url": "https://shop.example/a.png"}, **SCRIPT)
    assert sent == ["catalog.tasks.fetch_picture"]
    assert "data-on-its-way" in answer.content.decode()

    run_download(PictureDownload.objects.get().pk, fetch=lambda *_, **__: picture_bytes())

    html = admin_client.get(url("product_pictures", product)).content.decode()
    assert "data-on-its-way" not in html
    assert f'data-picture="{product.images.get().pk}"' in html
    assert "shop.example" not in html


def test_a_picture_that_cannot_be_fetched_says_why_and_is_asked_for_again(admin_client, sent):
    product = ProductFactory()
    product.downloads.create(url="https://shop.example/a.png", state="failed", reason="the server answered 404")

    html = admin_client.get(page_of(product)).content.decode()
    assert "The server answered 404" in html

    answer = admin_client.post(url("add_pictures", product), {"url": "https://shop.example/a.png"}, **SCRIPT)
    html = answer.content.decode()
    assert "data-on-its-way" in html
    assert "404" not in html


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://shop.example/a.png", "It is not an address that begins with http:// or https://."),
        ("", "Choose a picture, or write its address."),
        (f"https://shop.example/{'a' * 2000}", "An address has at most 2000 characters."),
    ],
)
def test_an_address_that_is_none_is_refused_in_words(admin_client, sent, address, said):
    answer = admin_client.post(url("add_pictures", ProductFactory()), {"url": address}, **SCRIPT)

    assert (answer.status_code, answer.json()["problem"]) == (400, said)
    assert not PictureDownload.objects.exists()


def test_pictures_are_put_in_order_and_those_not_named_follow(admin_client):
    product = ProductFactory()
    a, b, c = (ProductImageFactory(product=product, position=place) for place in range(3))

    admin_client.post(url("order_pictures", product), {"order": f"{c.pk},{a.pk}"})
    assert list(product.images.values_list("pk", "position")) == [(c.pk, 0), (a.pk, 1), (b.pk, 2)]

    admin_client.post(url("order_pictures", product), {"order": str(b.pk)})
    assert list(product.images.values_list("pk", flat=True)) == [b.pk, c.pk, a.pk]


def test_an_order_that_is_so_already_writes_nothing_and_a_stranger_s_picture_is_left_alone():
    product, stranger = ProductFactory(), ProductImageFactory()
    a, b = ProductImageFactory(product=product, position=3), ProductImageFactory(product=product, position=7)

    assert not order_pictures(product, [stranger.pk, a.pk, b.pk])
    assert list(product.images.values_list("pk", "position")) == [(a.pk, 3), (b.pk, 7)]
    stranger.refresh_from_db()
    assert stranger.position == 0


def test_a_picture_is_taken_away_and_only_from_its_own_product(admin_client):
    image, other = ProductImageFactory(), ProductImageFactory()

    admin_client.post(url("remove_picture", image.product), {"picture": other.pk})
    admin_client.post(url("remove_picture", image.product), {"picture": image.pk})

    assert not image.product.images.exists()
    assert other.product.images.exists()


def test_pictures_say_what_is_wrong_with_them(admin_client):
    tiny = ProductImageFactory()
    good = ProductImageFactory(product=tiny.product, file=picture_file("red", **LARGE), position=1)
    broken = ProductImageFactory(product=tiny.product, file=picture_file("blue", **LARGE), position=2)
    Path(broken.file.path).unlink()

    html = admin_client.get(url("product_pictures", tiny.product)).content.decode()

    of_each = [part.count("picture-problem") for part in html.split('data-picture="')[1:]]
    assert of_each == [1, 0, 1]
    assert "Tiny: less than 200 pixels on its shorter side." in html
    assert "Broken: its file is not in the storage." in html
    assert good.pk


def test_the_table_of_pictures_is_folded_away_where_there_is_a_section_of_them(admin_client):
    folded = '<fieldset class="module collapse" aria-labelledby="images-heading">'
    assert folded in admin_client.get(page_of(ProductFactory())).content.decode()
    assert folded not in admin_client.get(f"{PRODUCTS}add/").content.decode()


def act(client, products, **data):
    selected = {"action": "move_to_category", ACTION_CHECKBOX_NAME: [product.pk for product in products]}
    return client.post(PRODUCTS, selected | data, follow=True)


def test_products_are_moved_after_a_page_that_asks_where_to(admin_client):
    lamps = Category.objects.get_or_create_path("Lighting/Lamps")
    products = [ProductFactory(sku="A"), ProductFactory(sku="B", category=lamps), ProductFactory(sku="C")]

    page = act(admin_client, products[:2])
    assert page.context["title"] == "Move 2 products"
    assert not Product.objects.filter(sku="A", category=lamps).exists()

    done = act(admin_client, products[:2], confirmed="yes", category=lamps.pk)
    assert [str(message) for message in done.context["messages"]] == ["1 product moved to Lighting/Lamps."]
    assert list(Product.objects.filter(category=lamps).values_list("sku", flat=True)) == ["A", "B"]


def test_products_can_lose_their_category_and_one_that_is_none_is_asked_for_again(admin_client):
    product = ProductFactory(category=Category.objects.get_or_create_path("Lighting"))

    asked = act(admin_client, [product], confirmed="yes", category="999999")
    assert "Select a valid choice" in asked.content.decode()

    act(admin_client, [product], confirmed="yes", category="")
    product.refresh_from_db()
    assert product.category is None


def test_more_than_a_page_can_wait_for_is_not_moved(admin_client, monkeypatch):
    monkeypatch.setattr(moving, "MOST_MOVED", 1)
    lamps = Category.objects.get_or_create_path("Lighting")

    act(admin_client, [ProductFactory(), ProductFactory()], confirmed="yes", category=lamps.pk)

    assert not Product.objects.exclude(category=None).exists()


def test_names_of_attributes_are_offered_the_most_usual_of_the_category_first(monkeypatch):
    lamps, mugs = (Category.objects.get_or_create_path(name) for name in ("Lamps", "Mugs"))
    ProductFactory(category=lamps, attributes={"watt_w": 5, "colour": "red"}, is_active=True)
    ProductFactory(category=lamps, attributes={"watt_w": 7}, is_active=True)
    ProductFactory(category=mugs, attributes={"volume_ml": 300}, is_active=True)
    ProductFactory(category=mugs, attributes=["no object"], is_active=True)

    assert read_usual_names(lamps.pk) == ["watt_w", "colour"]
    assert read_usual_names(None) == ["watt_w", "colour", "volume_ml"]
    monkeypatch.setattr(json_editors, "SAMPLE", 0)
    assert read_usual_names(None) == []


def test_fields_of_json_have_an_editor_beside_them_and_are_sent_as_they_are(admin_client):
    product = ProductFactory(attributes={"weight_g": 420}, translations={"zh": {"title": "杯"}})
    html = admin_client.get(page_of(product)).content.decode()

    assert 'data-json-editor="rows" data-field="id_attributes"' in html
    assert 'data-json-editor="tabs" data-field="id_translations"' in html
    assert '<option value="weight_g"></option>' in html
    assert '[["zh", "\\u7b80\\u4f53\\u4e2d\\u6587"]]' in html
    assert "&quot;weight_g&quot;: 420" in html


def test_the_list_says_of_each_product_what_apps_know_asking_once_for_all(admin_client, monkeypatch):
    asked: list[list[int]] = []

    def read(numbers):
        asked.append(list(numbers))
        return {numbers[0]: "noted <b>"}

    monkeypatch.setattr(ProductAdmin, "state_readers", [read])
    shown, hidden = ProductFactory(sku="A", is_active=True), ProductFactory(sku="B", is_active=False)

    html = admin_client.get(PRODUCTS).content.decode()

    assert asked == [[shown.pk, hidden.pk]]
    cells = [part.partition("</td>")[0] for part in html.split('<td class="field-state">')[1:]]
    assert cells == ["noted &lt;b&gt;", '<span class="desk-tag">hidden</span>']


def test_an_action_that_another_app_adds_is_for_those_who_have_its_permission(rf, django_user_model, monkeypatch):
    def polish(model_admin, request, queryset):
        """Nothing."""

    monkeypatch.setattr(ProductAdmin, "actions", ProductAdmin.actions)
    monkeypatch.setattr(ProductAdmin, "permissions_of_actions", {})
    ProductAdmin.add_action(polish, permission="catalog.change_category")
    request = rf.get(PRODUCTS)
    offered = []
    for user in (django_user_model.objects.create_user("clerk"), django_user_model.objects.create_superuser("boss")):
        request.user = user
        offered.append("polish" in ProductAdmin(Product, admin.site).get_actions(request))
    assert offered == [False, True]


def test_the_page_of_a_product_costs_as_many_queries_for_ten_pictures_as_for_one(admin_client):
    image = ProductImageFactory()

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM embeddings_pendingembedding")  # every page says how many wait, now and then
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(page_of(image.product))
        return len(queries)

    count()
    few = count()
    for place in range(1, 10):
        ProductImageFactory(product=image.product, position=place)
    assert count() == few


def test_the_list_is_narrowed_to_what_the_doctor_found_and_what_lies_beside_it(admin_client):
    a, b, c, d = (ProductFactory(sku=sku) for sku in "ABCD")
    Finding.objects.create(check_name="near_duplicate", product=b, other=a)
    Finding.objects.create(check_name="near_duplicate", product=c, other=d, ignored_at=timezone.now())
    Finding.objects.create(check_name="another", product=d)

    listed = admin_client.get(f"{PRODUCTS}?finding=near_duplicate").context["cl"].queryset
    assert [product.sku for product in listed] == ["A", "B"]
    assert admin_client.get(f"{PRODUCTS}?finding=unknown").context["cl"].result_count == 4


def test_what_the_doctor_found_is_listed_without_reading_all_products(admin_client):
    fill_shop()
    numbers = list(Product.objects.values_list("pk", flat=True)[:20])
    Finding.objects.bulk_create(Finding(check_name="near_duplicate", product_id=number) for number in numbers)

    plans = read_plans(lambda: admin_client.get(f"{PRODUCTS}?finding=near_duplicate"))
    assert ["Seq Scan on catalog_product" in plan for plan in plans if "catalog_finding" in plan] == [False, False]
