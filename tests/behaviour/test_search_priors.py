"""What is bought much comes first of what a search finds as near, and never before what it finds much nearer."""

from __future__ import annotations

import json

import numpy as np
import pytest

from behaviour.versions.version import Ranking
from catalog.models import Product
from recommendations import tasks, worker
from recommendations.search.encoding import write_vectors
from recommendations.search.services import search_text
from tests.behaviour.version_rows import add_version
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db
WORDS = "zugspitz"  # which nothing else is called


@pytest.fixture
def shelf(monkeypatch) -> dict[str, Product]:
    """FIRST and SECOND are as relevant: each comes first by words or by meaning. OTHERS are far behind both."""
    space = make_space()
    found = {"FIRST": (0, WORDS), "SECOND": (1, f"{WORDS} {WORDS}"), "THIRD": (60, f"x {WORDS} and many other words")}
    for sku, (angle, title) in found.items():
        product = put(space, sku, at_angle(angle), modalities=["text", "fused"])
        Product.objects.filter(pk=product.pk).update(title=title)

    def send(args, **_):
        vectors = {name: np.array(at_angle(0), dtype=np.float32) for name in ("text", "fused")}
        worker.store_answer(args[0], json.dumps({"vectors": write_vectors(vectors)}).encode())

    monkeypatch.setattr(tasks.answer_query, "apply_async", send)
    return {product.sku: product for product in Product.objects.all()}


def find(**options) -> list[str]:
    return skus(search_text(WORDS, **options).shown)


def scores(**options) -> dict[str, float]:
    return {one.candidate.sku: round(one.candidate.score, 4) for one in search_text(WORDS, **options).shown}


def test_of_two_as_relevant_the_popular_one_comes_first(shelf, settings):
    settings.KINDRED_SEARCH_POPULARITY = 0.0
    before = scores()
    assert list(before)[-1] == "THIRD"
    assert before["FIRST"] == before["SECOND"] == 1.0
    settings.KINDRED_SEARCH_POPULARITY = 0.05
    assert scores() == before  # nobody has bought anything yet
    last = list(before)[1]
    version = add_version(rankings={"popular": [(shelf[last].pk, 9.0), (shelf["THIRD"].pk, 5.0)]})
    after = scores()
    assert list(after) == [last, next(iter(before)), "THIRD"]
    assert after[last] == 1.05
    assert after["THIRD"] == pytest.approx(before["THIRD"] * (1 + 0.05 / (1 + np.log(2))), abs=1e-4)
    version.status = "retired"
    version.save()
    assert scores() == before


def test_however_popular_what_is_far_less_relevant_stays_behind(shelf, settings):
    add_version(rankings={"popular": [(shelf["THIRD"].pk, 1e9)]})
    assert find()[-1] == "THIRD"
    popular = scores()
    settings.KINDRED_SEARCH_POPULARITY = 0.0
    assert popular == {**scores(), "THIRD": pytest.approx(scores()["THIRD"] * 1.05, abs=1e-4)}


def test_what_is_in_the_ranking_without_an_order_is_not_popular(shelf):
    before = scores()
    add_version(rankings={"popular": [(shelf["SECOND"].pk, 9.0)]})
    Ranking.objects.update(support=0)
    assert scores() == before


@pytest.mark.parametrize(
    ("attributes", "price", "raised"),
    [
        ({"margin": 0.4}, 20, 1.04),
        ({"cost": 5}, 20, 1.075),
        ({"margin": 0.4, "cost": 5}, 20, 1.04),
        ({"cost": 30}, 20, 1.0),
        ({"margin": 40}, 20, 1.1),
        ({"margin": "a lot", "cost": [1]}, 20, 1.0),
        ({"cost": 5}, None, 1.0),
        ({"cost": 5}, 0, 1.0),
        ({}, 20, 1.0),
    ],
)
def test_what_earns_most_is_raised_where_the_shop_wants_that(shelf, settings, attributes, price, raised):
    Product.objects.filter(sku="FIRST").update(attributes=attributes, price=price)
    assert scores()["FIRST"] == 1.0
    settings.KINDRED_SEARCH_MARGIN = 0.1
    assert scores()["FIRST"] == raised
