"""The catalogue doctor names placeholder pictures, fits that may hold them, and languages in which search is weak."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from catalog.doctor.remarks import Examination, Link, Remark, examine
from catalog.doctor.rounds import ask_for_round, examine_due
from catalog.models import Finding, Product, ProductImage
from embeddings import services
from embeddings.models import EmbeddingSpace
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


def found(title: str) -> tuple[Remark, ...]:
    return next(examination.remarks for examination in examine() if examination.title == title)


def placeholders() -> list[tuple[str, str]]:
    rows = Finding.objects.filter(check_name="placeholder_picture").order_by("product__sku")
    return list(rows.values_list("product__sku", "about"))


def test_a_placeholder_is_found_at_every_product_that_has_it():
    image = make_wares()
    make_product("OWN", title="Own", colours=["#112233"])
    services.refresh_pending()
    examine_due()
    assert placeholders() == [(sku, image.sha256) for sku in ("ATLAS", "KETTLE", "LANTERN", "RUG", "TROWEL")]


def test_a_placeholder_that_is_shared_no_more_is_found_no_more():
    make_wares()
    services.refresh_pending()
    examine_due()
    ProductImage.objects.get(product__sku="RUG").delete()
    services.refresh_pending()  # four designs are left
    ask_for_round()
    examine_due()
    assert placeholders() == []


def test_what_was_embedded_is_looked_at_again_before_its_turn():
    examine_due()  # the first round, of nothing
    make_product("LATE", title="Late", colours=["#112233"], description="")
    services.refresh_pending()
    examine_due()
    assert Finding.objects.filter(check_name="no_text", product__sku="LATE").count() == 1


def test_a_space_that_was_fitted_before_a_placeholder_was_found_is_named():
    old = ensure_live_space()
    make_wares()
    services.refresh_pending()
    title = "Spaces fitted with placeholder pictures"
    assert found(title) == ()  # it was fitted on nothing of this shop
    EmbeddingSpace.objects.filter(pk=old.pk).update(fitted_on=60)
    (remark,) = found(title)
    assert remark.message == "Space starter was fitted before 1 placeholder picture was found."
    assert remark.links == (Link("starter", f"/admin/embeddings/embeddingspace/{old.pk}/change/"),)
    newer = create_space("newer")
    EmbeddingSpace.objects.filter(pk=newer.pk).update(fitted_on=60, text_dim=64)
    assert len(found(title)) == 1


def test_titles_without_a_translation_are_counted_for_each_language_of_the_pages():
    make_wares(translations={"zh": {"title": "水壶"}})  # as good as zh-hans
    Product.objects.filter(sku="RUG").update(translations={})
    Product.objects.filter(sku="ATLAS").update(translations={"zh-hans": {"title": ""}})
    Product.objects.filter(sku="KETTLE").update(translations={"zh-hans": "水壶"})  # another shape, by raw SQL
    make_product("HIDDEN", title="Hidden", is_active=False)
    (remark,) = found("Search in other languages")
    assert remark.message == "Titles lack translations for 简体中文: 3 of 5 looked at."


def test_translated_titles_that_no_vector_knows_are_told_until_the_live_space_encodes_them():
    make_wares()
    space = ensure_live_space()
    (remark,) = found("Search in other languages")
    assert remark.message == "Translated titles for 简体中文 are there, and the live space encodes none."
    part = {"name": "translated", "weight": 1.0, "fields": ["title"], "languages": ["*"]}
    EmbeddingSpace.objects.filter(pk=space.pk).update(text_composition=[part])
    assert found("Search in other languages") == ()


CHECKS = [
    "No picture",
    "No description",
    "Broken pictures",
    "Tiny pictures",
    "Blurred pictures",
    "Text on pictures",
    "Placeholder pictures",
    "Odd categories",
    "Near-duplicates",
    "Odd prices",
    "In nobody's list",
    "Mixed-up variants",
]


def test_a_healthy_shop_is_told_so_in_the_terminal():
    output = io.StringIO()
    call_command("doctor", catalogue=True, stdout=output)
    whole = ["Sources", "Spaces fitted with placeholder pictures", "Search in other languages"]
    assert output.getvalue().splitlines() == [f"{title}: nothing found." for title in [*whole, *CHECKS]]
    assert examine()[:1] == [Examination("Sources", ())]


def test_the_terminal_counts_what_is_on_the_lists():
    make_wares()
    services.refresh_pending()
    examine_due()
    output = io.StringIO()
    call_command("doctor", catalogue=True, stdout=output)
    said = output.getvalue().splitlines()
    place = said.index("Placeholder pictures:")
    assert said[place + 1] == "  5 findings."
    assert said[place + 3] == "    Placeholder pictures: /admin/doctor/placeholder_picture/"


def test_the_front_page_says_what_the_terminal_says(admin_client):
    old = ensure_live_space()
    make_wares()
    services.refresh_pending()
    EmbeddingSpace.objects.filter(pk=old.pk).update(fitted_on=60)
    page = admin_client.get(reverse("doctor")).content.decode()
    assert "Space starter was fitted before 1 placeholder picture was found." in page
    assert f'<a href="/admin/embeddings/embeddingspace/{old.pk}/change/">starter</a>' in page
    near = reverse("doctor_findings", args=["near_duplicate"])
    assert f'<a href="{near}">' in admin_client.get("/admin/catalog/product/").content.decode()


def test_the_page_is_for_staff_who_may_see_products(client, django_user_model):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    assert client.get(reverse("doctor")).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_product"))
    assert client.get(reverse("doctor")).status_code == 200
    assert client.post(reverse("doctor")).status_code == 405


def test_the_doctor_speaks_chinese():
    old = ensure_live_space()
    make_wares()
    services.refresh_pending()
    EmbeddingSpace.objects.filter(pk=old.pk).update(fitted_on=60)
    with translation.override("zh-hans"):
        (remark,) = found("拟合时含占位图片的空间")
    assert "starter" in remark.message
