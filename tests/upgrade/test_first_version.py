"""What a shop of the first version has after `migrate`: everything it had, the same lists, and nothing to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from api.models import ApiKey
from behaviour.events.event import Event
from behaviour.events.pseudonyms import make_key
from catalog.models import PictureDownload, Product, ProductImage
from embeddings import services
from embeddings.freshness.staleness import find_stale
from embeddings.freshness.sweep import sweep_all
from embeddings.models import EmbeddingSpace, EncodedInput, PendingEmbedding, ProductEmbedding
from recommendations.models import Rule
from recommendations.requests import Options
from recommendations.services import recommend

PLAIN = Options(variants="show", out_of_stock="mixed")  # by similarity alone
ANSWERS = json.loads(Path(__file__).with_name("first_version_answers.json").read_text())
pytestmark = pytest.mark.usefixtures("first_version")


def test_products_are_there_with_pictures_and_categories():
    skus = list(Product.objects.values_list("sku", flat=True))
    assert skus == sorted(ANSWERS["similar"])
    assert ProductImage.objects.count() == 12
    mug = Product.objects.select_related("category").get(sku="MUG-101")
    assert (mug.category.path, mug.brand, str(mug.price), mug.currency) == ("Tableware/Mugs", "Nordlyn", "15.90", "EUR")
    assert (mug.translations["zh"]["title"], mug.attributes["colour"]) == ("Nordlyn 哈拉马克杯", "white")
    assert PictureDownload.objects.get().reason == "The server says 404."


@pytest.mark.parametrize("strategy", sorted(ANSWERS))
def test_lists_are_what_they_were(strategy):
    for sku, noted in ANSWERS[strategy].items():
        shown = recommend(strategy, anchors=[sku], limit=10, options=PLAIN)
        found = [(item.candidate.sku, item.similarity) for item in shown if item.similarity is not None]
        assert [sku for sku, _ in found] == [sku for sku, _ in noted], sku
        assert [similarity for _, similarity in found] == pytest.approx([cosine for _, cosine in noted], abs=1e-4)


def test_nothing_waits_and_nothing_is_encoded_again(first_version):
    text, image = first_version
    live = EmbeddingSpace.objects.live()
    assert (live.name, live.category_text_weights, len(live.list_modalities())) == ("autumn", {"Tableware": 0.7}, 2)
    assert not PendingEmbedding.objects.exists()
    assert sweep_all() == 12  # for their colours and words, which that version did not note
    result = services.refresh_pending()
    assert (result.stored, result.unchanged, result.shortfalls) == (0, 12, {})
    assert not PendingEmbedding.objects.exists()
    assert not find_stale(live).exists()
    assert (ProductEmbedding.objects.count(), EncodedInput.objects.count()) == (34, 35)
    assert (text.encoded, image.encoded) == ([], 0)


def test_a_product_that_changes_is_embedded_by_the_recipe_of_then(first_version):
    text, _ = first_version
    with transaction.atomic():
        cup = Product.objects.get(sku="CUP-101")
        before = ProductEmbedding.objects.get(product=cup, modality="fused").vector
        cup.title = Product.objects.get(sku="MUG-101").title
        cup.save()
        services.refresh_pending()
        after = ProductEmbedding.objects.get(product=cup, modality="fused").vector
        transaction.set_rollback(True)
    assert (len(after), after != before, len(text.encoded)) == (32, True, 1)  # the title alone was known already
    text.encoded.clear()


def test_rules_hold():
    rules = {(rule.kind, rule.note, rule.is_active, rule.factor) for rule in Rule.objects.all()}
    assert rules == {
        ("pin", "Pinned by hand", True, 1.5),
        ("exclude", "Recalled", True, 1.5),
        ("boost", "", True, 1.2),
        ("bury", "", False, 2),
    }
    shown = [item.candidate.sku for item in recommend("similar", anchors=["CDL-101"], limit=10)]
    assert shown[1] == "VAS-102"  # pinned
    assert "MUG-102" not in shown  # excluded


def test_keys_open_what_they_opened():
    read, write = "kindred_pk_of-the-first-version", "kindred_sk_of-the-first-version"
    assert [ApiKey.objects.find_by_token(token).scope for token in (read, write)] == ["publishable", "secret"]
    assert ApiKey.objects.find_by_token("kindred_sk_x") is None  # revoked
    answer = Client().get("/api/v1/products/MUG-101/similar/", headers={"Authorization": f"Bearer {read}"})
    assert answer.status_code == 200
    assert answer.json()["results"][0]["sku"] == ANSWERS["similar"]["MUG-101"][0][0]


def test_people_log_in_and_may_do_what_they_might(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    boss, mia = User.objects.get(username="boss"), User.objects.get(username="mia")
    assert (boss.is_superuser, boss.check_password("boss"), mia.check_password("mia")) == (True, True, True)
    assert mia.has_perm("recommendations.change_rule")
    assert not mia.has_perm("catalog.delete_product")
    client = Client()
    client.force_login(boss)
    for page in ("/", "/products/MUG-101/", "/admin/", "/admin/embeddings/embeddingspace/", "/admin/catalog/product/"):
        assert client.get(page).status_code == 200, page


def test_events_are_there_once_and_their_people_are_pseudonyms():
    events = Event.objects.order_by("id")
    kinds = ["view", "impression", "click", "add_to_cart", "purchase", "purchase"]
    assert list(events.values_list("type", flat=True)) == kinds
    assert {event.occurred_at for event in events} == {datetime(2026, 11, 20, 9, tzinfo=UTC)}
    assert [event.user_key for event in events] == [None, *[make_key("user", "u1")] * 5]
