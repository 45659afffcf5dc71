"""Vitals: what a worker measures of the shop, kept for a month."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.utils import timezone

from embeddings.coverage import note_movement, take_stored
from embeddings.models import PendingEmbedding, ProductEmbedding
from embeddings.spaces.indexes import create_indexes
from recommendations.anchors import format_vector
from recommendations.models import Vital
from recommendations.vitals import canary
from recommendations.vitals.measuring import KEPT, take_vitals
from tests.recommendations.shelf import at_angle, make_space, put


@pytest.mark.django_db
def test_a_shop_without_vectors_is_measured_as_far_as_it_can_be():
    cache.clear()
    assert take_vitals() == {"waiting": 0.0, "rate": 0.0}


@pytest.mark.django_db
def test_products_embedded_since_the_last_time_are_counted_by_the_minute():
    cache.clear()
    take_vitals()
    Vital.objects.update(at=timezone.now() - timedelta(minutes=10))
    note_movement(30)
    note_movement(20)
    assert take_vitals()["rate"] == pytest.approx(5.0, rel=0.01)
    assert take_stored() == 0


@pytest.mark.django_db
def test_what_waits_is_counted_and_what_is_old_is_forgotten():
    put(make_space(), "A", (1.0, 0.0, 0.0), is_active=True)
    PendingEmbedding.objects.all().delete()
    product = put(make_space(name="b", live=False), "B", None, is_active=True)
    PendingEmbedding.objects.get_or_create(product=product)
    Vital.objects.create(kind="rate", value=1)
    Vital.objects.update(at=timezone.now() - KEPT - timedelta(days=1))
    found = take_vitals()
    assert found["waiting"] == PendingEmbedding.objects.due_now().count()
    assert found["latency"] > 0
    assert not Vital.objects.filter(at__lt=timezone.now() - KEPT).exists()


@pytest.mark.django_db(transaction=True)
def test_the_canary_finds_what_an_index_misses(monkeypatch):
    space = make_space()
    for place in range(30):
        put(space, f"P{place:02}", at_angle(place), is_active=True)
    create_indexes(space)
    anchor = ProductEmbedding.objects.get(product__sku="P00")
    anchors = [(anchor.product_id, format_vector(np.asarray(anchor.vector)))]
    assert canary.measure_recall(space, anchors, products=30, k=5) == 1.0

    found = canary.find_by_index(space, *anchors[0], k=6)
    monkeypatch.setattr(canary, "find_by_index", lambda *args, **kwargs: found[1:])  # one of the five is missed
    assert canary.measure_recall(space, anchors, products=30, k=5) == pytest.approx(5 / 6)


@pytest.mark.django_db
def test_without_an_index_there_is_nothing_to_say():
    space = make_space()
    row = put(space, "A", (1.0, 0.0, 0.0), is_active=True)
    found = canary.measure_recall(space, [(row.pk, "[1,0,0]")], products=1)
    assert np.isnan(found)
