"""Text against picture: lists as another dial would make them, and keeping it without encoding again."""

from __future__ import annotations

import numpy as np
import pytest
from celery.app.task import Task
from django.urls import reverse

from catalog.models import Product
from embeddings.freshness.staleness import find_stale
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.pipeline import VectorPipeline
from embeddings.inputs import read_fingerprints
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.dial import find_weight, fuse_by_dial, read_modalities, set_weight, turn_dial
from embeddings.spaces.lifecycle import SpaceError
from embeddings.vectors import dial_text
from recommendations.dial.preview import preview_dial
from tests.recommendations.fitted_shelf import COUNT, make_fitted_shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def space(monkeypatch) -> EmbeddingSpace:
    monkeypatch.setattr(Task, "apply_async", lambda *_, **__: None)
    return make_fitted_shelf()


def test_what_is_stored_fused_again_is_what_is_stored(space):
    stored = read_modalities(space, list(Product.objects.values_list("pk", flat=True)))
    fused = fuse_by_dial(space, stored, dial={})
    rows = dict(ProductEmbedding.objects.filter(modality="fused").values_list("product_id", "vector"))
    kept = np.stack([np.asarray(rows[pk], dtype=np.float32) for pk in stored.product_ids])
    assert np.einsum("nd,nd->n", fused, kept).min() > 0.999  # stored in half precision


def test_text_and_picture_share_what_they_have_and_a_sound_counts_as_before():
    pipeline = VectorPipeline(
        modalities={},
        joiner=ConcatFusion(),
        basis=np.zeros((0, 2), dtype=np.float32),
        weights={"text": 0.6, "image": 0.4, "audio": 1.0},
    )
    spread = pipeline._spread_weights(3, dial_text(pipeline, [None, 0.6, 1.0]))
    np.testing.assert_allclose(spread["text"], [0.3, 0.3, 0.5], rtol=1e-5)
    np.testing.assert_allclose(spread["image"], [0.2, 0.2, 0.0], atol=1e-6)
    np.testing.assert_allclose(spread["audio"], [0.5, 0.5, 0.5], rtol=1e-5)


def test_a_dial_of_pictures_alone_lists_what_looks_alike(space):
    anchor = Product.objects.get(sku="P00")
    (turned,) = preview_dial(space, [anchor], dial={"": 0.0})
    looks_alike = {f"P{place:02}" for place in (6, 12, 18)}  # the same picture, by construction
    assert {place.product.sku for place in turned.after[:3]} == looks_alike
    assert turned.changes
    (words,) = preview_dial(space, [anchor], dial={"": 1.0})
    assert {place.product.sku for place in words.after[:2]} == {"P01", "P02"}


def test_moves_are_counted_from_the_list_as_it_is(space):
    (turned,) = preview_dial(space, [Product.objects.get(sku="P00")], dial={"": 0.0})
    before = [place.product.pk for place in turned.before]
    for number, place in enumerate(turned.after):
        moved = before.index(place.product.pk) - number if place.product.pk in before else None
        assert place.moved == moved


def test_a_weight_of_a_category_leaves_the_others_as_they_are(space):
    stored = read_modalities(space, list(Product.objects.order_by("pk").values_list("pk", flat=True)))
    plain, turned = fuse_by_dial(space, stored, dial={}), fuse_by_dial(space, stored, dial={"Lamps": 0.1})
    same = np.isclose(plain, turned).all(axis=1)
    assert [bool(one) for one in same] == [path == "Mugs" for path in stored.paths]


def test_the_whole_shop_has_a_weight_and_a_category_its_own(space):
    turn_dial(space, "", weight=0.3)
    turn_dial(space, "Lamps", weight=0.9)
    space.refresh_from_db()
    assert space.category_text_weights == {"": 0.3, "Lamps": 0.9}
    assert [find_weight(space, path) for path in ("", "Mugs", "Lamps", "Lamps/Desk")] == [0.3, 0.3, 0.9, 0.9]
    assert find_stale(space).count() == COUNT  # all have to be fused anew, by SQL as by Python
    turn_dial(space, "", weight=None)
    turn_dial(space, "Lamps", weight=None)
    space.refresh_from_db()
    assert space.category_text_weights == {}


def test_a_product_stored_under_the_dial_of_the_shop_is_not_stale(space):
    turn_dial(space, "", weight=0.3)
    space.refresh_from_db()
    stale = set(find_stale(space).values_list("pk", flat=True))
    product = Product.objects.get(sku="P00")
    fingerprint = read_fingerprints([product.pk])[product.pk]
    ProductEmbedding.objects.filter(product=product).update(text_weight=0.3, fingerprint=fingerprint)
    Product.objects.filter(pk=product.pk).update(noted=fingerprint)
    assert stale - set(find_stale(space).values_list("pk", flat=True)) == {product.pk}


def test_what_is_no_weight_is_refused(space):
    with pytest.raises(SpaceError, match="between 0"):
        turn_dial(space, "", weight=1.2)
    assert set_weight({"A": 0.2}, "A", weight=None) == {}


def test_the_page_shows_lists_before_and_after_and_keeps_a_weight(space, admin_client):
    page = admin_client.get(reverse("dial"), {"category": "Lamps", "weight": "0.1", "sku": "P01, nothing"})
    html = page.content.decode()
    assert [one.anchor.sku for one in page.context["turned"]] == ["P01"]
    assert "There is no product with the SKU nothing." in html
    admin_client.post(reverse("turn_dial"), {"category": "Lamps", "weight": "0.1"})
    space.refresh_from_db()
    assert space.category_text_weights == {"Lamps": 0.1}
    admin_client.post(reverse("turn_dial"), {"category": "Lamps", "deed": "take_back"})
    space.refresh_from_db()
    assert space.category_text_weights == {}


def test_nothing_is_above_the_whole_shop(space, admin_client):
    html = admin_client.get(reverse("dial")).content.decode()
    assert "It is the weight that the space was made with." in html
    assert "from above" not in html
    page = admin_client.post(reverse("turn_dial"), {"category": "", "deed": "take_back"}, follow=True)
    assert "goes by the weight again that its space was made with" in page.content.decode()


@pytest.mark.parametrize("weight", ["", "x", "nan", "2", "-1", "1e400", "9" * 5000])
def test_a_weight_that_is_none_changes_nothing(space, admin_client, weight):
    admin_client.post(reverse("turn_dial"), {"category": "Lamps", "weight": weight})
    space.refresh_from_db()
    assert space.category_text_weights == {}
    assert admin_client.get(reverse("dial"), {"weight": weight, "category": "\x00", "sku": "\x00"}).status_code == 200


def test_without_a_space_the_page_says_so(admin_client):
    assert "There is no live space with vectors yet" in admin_client.get(reverse("dial")).content.decode()
