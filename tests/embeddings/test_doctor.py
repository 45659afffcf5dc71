"""The catalogue doctor names placeholder pictures, fits that may hold them, and languages in which search is weak."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from catalog.doctor import Examination, Finding, Link, examine
from catalog.models import Product, ProductImage
from embeddings import doctor, services
from embeddings.models import EmbeddingSpace, PlaceholderPicture
from embeddings.spaces.lifecycle import create_space, ensure_live_space
from tests.embeddings.shop import make_product

pytestmark = pytest.mark.django_db

CHINESE = {"zh-hans": {"title": "水壶"}}


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


def make_wares(*, translations: dict | None = None) -> ProductImage:
    """Save five products of different kinds that share a picture, and return it."""
    for ware in ["Atlas", "Kettle", "Lantern", "Rug", "Trowel"]:
        make_product(ware.upper(), title=ware, colours=["#cccccc"], translations=translations or CHINESE)
    return ProductImage.objects.get(product__sku="ATLAS")


def found(title: str) -> tuple[Finding, ...]:
    return next(examination.findings for examination in examine() if examination.title == title)


def test_a_placeholder_is_listed_with_its_products_and_where_to_look():
    image = make_wares()
    services.refresh_pending()
    assert found("Placeholder pictures") == (
        Finding(
            message="One picture stands for 5 products of different designs, such as ATLAS.",
            advice=(
                "It counts as missing: these products are compared by their texts. Give them pictures of their own, or "
                "a variant group if they are one design."
            ),
            links=(
                Link("The picture", f"/admin/catalog/productimage/{image.pk}/change/"),
                Link("Its products", f"/admin/catalog/productimage/?sha256={image.sha256}"),
            ),
        ),
    )


def test_so_many_products_are_counted_and_no_more(monkeypatch):
    monkeypatch.setattr(doctor, "COUNTED_PRODUCTS", 3)
    make_wares()
    services.refresh_pending()
    (finding,) = found("Placeholder pictures")
    assert finding.message == "One picture stands for 3 or more products of different designs, such as ATLAS."


def test_a_space_that_was_fitted_before_a_placeholder_was_found_is_named():
    old = ensure_live_space()
    make_wares()
    services.refresh_pending()
    title = "Spaces fitted with placeholder pictures"
    assert found(title) == ()  # it was fitted on nothing of this shop
    EmbeddingSpace.objects.filter(pk=old.pk).update(fitted_on=60)
    (finding,) = found(title)
    assert finding.message == "Space starter was fitted before 1 placeholder picture was found."
    assert finding.links == (Link("starter", f"/admin/embeddings/embeddingspace/{old.pk}/change/"),)
    newer = create_space("newer")
    EmbeddingSpace.objects.filter(pk=newer.pk).update(fitted_on=60, text_dim=64)
    assert len(found(title)) == 1


def test_titles_without_a_translation_are_counted_for_each_language_of_the_pages():
    make_wares(translations={"zh": {"title": "水壶"}})  # as good as zh-hans
    Product.objects.filter(sku="RUG").update(translations={})
    Product.objects.filter(sku="ATLAS").update(translations={"zh-hans": {"title": ""}})
    Product.objects.filter(sku="KETTLE").update(translations={"zh-hans": "水壶"})  # another shape, by raw SQL
    make_product("HIDDEN", title="Hidden", is_active=False)
    (finding,) = found("Search in other languages")
    assert finding.message == "Titles lack translations for 简体中文: 3 of 5 looked at."


def test_translated_titles_that_no_vector_knows_are_told_until_the_live_space_encodes_them():
    make_wares()
    space = ensure_live_space()
    (finding,) = found("Search in other languages")
    assert finding.message == "Translated titles for 简体中文 are there, and the live space encodes none."
    part = {"name": "translated", "weight": 1.0, "fields": ["title"], "languages": ["*"]}
    EmbeddingSpace.objects.filter(pk=space.pk).update(text_composition=[part])
    assert found("Search in other languages") == ()


def test_a_healthy_shop_is_told_so_in_the_terminal():
    output = io.StringIO()
    call_command("doctor", stdout=output)
    assert output.getvalue() == (
        "Sources: nothing found.\n"
        "Placeholder pictures: nothing found.\n"
        "Spaces fitted with placeholder pictures: nothing found.\n"
        "Search in other languages: nothing found.\n"
    )
    assert examine()[:2] == [Examination("Sources", ()), Examination("Placeholder pictures", ())]


def test_the_terminal_says_what_the_page_says():
    image = make_wares()
    services.refresh_pending()
    output = io.StringIO()
    call_command("doctor", stdout=output)
    assert output.getvalue().splitlines()[:6] == [
        "Sources: nothing found.",
        "Placeholder pictures:",
        "  One picture stands for 5 products of different designs, such as ATLAS.",
        "    It counts as missing: these products are compared by their texts. Give them pictures of their own, or a "
        "variant group if they are one design.",
        f"    The picture: /admin/catalog/productimage/{image.pk}/change/",
        f"    Its products: /admin/catalog/productimage/?sha256={image.sha256}",
    ]


def test_the_page_shows_the_findings_with_links_that_work(admin_client):
    make_wares()
    services.refresh_pending()
    page = admin_client.get(reverse("doctor")).content.decode()
    assert "One picture stands for 5 products of different designs, such as ATLAS." in page
    for link in found("Placeholder pictures")[0].links:
        assert f'<a href="{link.url}">{link.label}</a>' in page
    listed = admin_client.get(found("Placeholder pictures")[0].links[1].url)
    assert listed.context["cl"].result_count == 5
    assert f'<a href="{reverse("doctor")}">' in admin_client.get("/admin/catalog/product/").content.decode()


def test_the_page_is_for_staff_who_may_see_products(client, django_user_model):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    assert client.get(reverse("doctor")).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_product"))
    assert client.get(reverse("doctor")).status_code == 200
    assert client.post(reverse("doctor")).status_code == 405


def test_the_doctor_speaks_chinese():
    make_wares()
    services.refresh_pending()
    with translation.override("zh-hans"):
        assert found("占位图片")[0].message == "同一张图片用于 5 件不同款式的商品，例如 ATLAS。"


def test_a_placeholder_that_nobody_has_any_more_is_not_listed():
    PlaceholderPicture.objects.create(sha256="0" * 64)
    assert found("Placeholder pictures") == ()
