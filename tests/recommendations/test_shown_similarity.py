"""A space with a scale of similarity shows one quantity everywhere: in lists, explanations, pairs and thresholds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product
from embeddings.fusion.pipeline import VectorPipeline
from embeddings.fusion.similarity_scale import AS_IT_IS, SimilarityScale
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.lifecycle import set_pipeline
from embeddings.unit_rows import unit_rows
from recommendations.anchors import read_start
from recommendations.distances import shown_sql
from recommendations.doctor.neighbourhoods import read_near
from recommendations.duplicate_thresholds import SHOWN, Thresholds, find_thresholds
from recommendations.explanations.pairs import explain_pairs
from recommendations.golden.neighbours import find_nearest
from recommendations.models import Rule
from recommendations.near_duplicates import read_pairs
from recommendations.planning import build_retrieval
from recommendations.requests import Filters, ListRequest, Options
from recommendations.retrieval import find_neighbours
from recommendations.services import similar_products
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db

SCALE = SimilarityScale((-1.0, -0.05, 0.6, 0.9, 1.0), (-1.0, 0.0, 0.5, 0.8, 1.0))
ANGLES = {"A": 0, "B": 10, "C": 30, "D": 60, "E": 90, "F": 150}


def shown_at(degrees: float) -> float:
    return float(SCALE.show(np.cos(np.radians(degrees))))


@pytest.fixture
def space() -> EmbeddingSpace:
    space = make_space()
    EmbeddingSpace.objects.update(similarity_scales={name: SCALE.to_numbers() for name in ("fused", "text", "image")})
    space.refresh_from_db()
    return space


@pytest.fixture
def shelf(space) -> dict[str, Product]:
    return {name: put(space, name, at_angle(angle), brand=f"brand {name}") for name, angle in ANGLES.items()}


def test_postgres_and_python_have_one_scale():
    cosines = np.linspace(-1, 1, 41)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {shown_sql('d', SCALE)} FROM unnest(%s::float8[]) d", [(1 - cosines).tolist()])
        shown = [1 - distance for (distance,) in cursor.fetchall()]
        cursor.execute(f"SELECT {shown_sql('d', SCALE)} FROM unnest('{{0,NaN,NULL}}'::float8[]) d")
        zero, nan, null = (distance for (distance,) in cursor.fetchall())
    assert shown == pytest.approx(SCALE.show(cosines).tolist(), abs=1e-7)
    assert (zero, np.isnan(nan), null) == (0.0, True, None)
    assert shown_sql("d", AS_IT_IS) == "d"


def test_lists_show_it_in_the_same_order_and_go_by_it(shelf):
    shown = similar_products("A")
    assert skus(shown) == ["B", "C", "D", "E", "F"]
    expected = [shown_at(angle) for angle in [*ANGLES.values()][1:]]
    assert [item.similarity for item in shown] == pytest.approx(expected, abs=2e-3)
    assert [item.distance for item in shown] == pytest.approx([1 - one for one in expected], abs=2e-3)
    assert [item.score for item in shown] == pytest.approx(expected, abs=2e-3)
    # At 60 degrees the cosine is .5 and .42 is shown.
    assert skus(similar_products("A", filters=Filters(min_similarity=0.43))) == ["B", "C"]
    assert skus(similar_products("A", filters=Filters(min_similarity=0.41))) == ["B", "C", "D"]


@pytest.mark.parametrize("metric", ["euclidean", "inner_product", "pearson"])
def test_other_distances_stay_as_they_are(shelf, space, metric):
    with_scale = [item.distance for item in similar_products("A", options=Options(metric=metric))]
    EmbeddingSpace.objects.update(similarity_scales={})
    assert with_scale == [item.distance for item in similar_products("A", options=Options(metric=metric))]


def test_a_boost_lifts_by_what_is_shown(shelf):
    """D is shown as .42 and C as .77: 1.7 times as much is less than that, 2 times is more; cosines are .5 and .87."""
    rule = Rule.objects.create(kind="boost", target_brand="brand D", factor=1.7, strategies=["similar"])
    assert skus(similar_products("A"))[:3] == ["B", "C", "D"]
    Rule.objects.filter(pk=rule.pk).update(factor=2)
    assert skus(similar_products("A", limit=2)) == ["B", "D"]


def test_what_a_boost_finds_is_found_by_what_is_shown(space):
    """Of what boosts mean the best is B: 1.2 x .81 above 2.25 x .42. Of cosines it would be C, with 2.25 x .50."""
    for name, angle, brand in [("A", 0, ""), ("B", 25, "little"), ("C", 60, "much")]:
        put(space, name, at_angle(angle), brand=brand)
    for brand, factor in [("little", 1.2), ("much", 2.25)]:
        Rule.objects.create(kind="boost", target_brand=brand, factor=factor, strategies=["similar"])
    request = ListRequest(strategy="similar", anchors=("A",), options=Options(exact=True))
    start = read_start(["A"], modality="fused", at=timezone.now())
    retrieval = replace(build_retrieval(request, start), limit=1, cards=None)
    assert [candidate.sku for candidate in find_neighbours(retrieval).candidates] == ["B"]


def test_pairs_neighbours_and_the_doctor_show_the_same(shelf, space):
    ids = {name: product.pk for name, product in shelf.items()}
    listed = [item.similarity for item in similar_products("A")]
    assert [one.similarity for one in find_nearest(ids["A"], space)] == pytest.approx(listed, abs=1e-6)
    assert [one.similarity for one in read_near([ids["A"]])[ids["A"]]] == pytest.approx(listed, abs=1e-6)


def test_duplicates_are_judged_by_what_is_shown_and_those_of_before_by_cosines(space):
    first = put(space, "A", at_angle(0), modalities=("fused", "text", "image"))
    put(space, "B", at_angle(30), modalities=("fused", "text", "image"))
    (pair,) = read_pairs(space, [first.pk])
    assert (pair.text, pair.image) == pytest.approx((shown_at(30), shown_at(30)), abs=2e-3)
    assert find_thresholds(space) == SHOWN
    assert find_thresholds(EmbeddingSpace()) == Thresholds()


@pytest.mark.parametrize(("angle", "is_hidden"), [(5, True), (12, False)])
def test_a_second_listing_is_hidden_where_what_is_shown_says_so(space, angle, is_hidden):
    """At 5 degrees .99 is shown, at 12 .96; of cosines .995 would be asked."""
    for name, at in [("A", 0), ("B", 40), ("C", 40 + angle)]:
        put(space, name, at_angle(at))
    found = skus(similar_products("A", options=Options(near_duplicates="hide")))
    assert found == (["B"] if is_hidden else ["B", "C"])


@pytest.fixture
def fitted(db) -> EmbeddingSpace:
    """A live space fitted on sixty products in families of six, with its scales."""
    random = np.random.default_rng(2)
    rows = [unit_rows(np.repeat(random.normal(size=(10, 16)), 6, axis=0) + random.normal(size=(60, 16))) for _ in "ti"]
    raw = {"text": (rows[0],), "image": (rows[1],)}
    pipeline = VectorPipeline.fit(raw, dim=24).with_scales(raw)
    space = EmbeddingSpace(name="test", status="live", fitted_on=60)
    set_pipeline(space, pipeline)
    space.save()
    products = Product.objects.bulk_create(Product(sku=f"P{row:02}", title=f"Product {row}") for row in range(60))
    made = pipeline.transform(raw)
    ProductEmbedding.objects.bulk_create(
        ProductEmbedding(space=space, product=product, modality=name, fingerprint="f", vector=vectors[row].tolist())
        for name, vectors in {"fused": made.fused, **made.modalities}.items()
        for row, product in enumerate(products)
    )
    return space


def test_what_is_shown_is_what_is_explained_and_its_parts_sum_to_it(fitted, client):
    shown = similar_products("P00", limit=5)
    ids = [item.candidate.product_id for item in shown]
    anchor = Product.objects.get(sku="P00")
    pairs = explain_pairs(anchor.pk, ids, space=fitted)
    assert [pairs[number].similarity for number in ids] == pytest.approx([item.similarity for item in shown], abs=1e-5)
    for number in ids:
        assert sum(pairs[number].contributions.values()) == pytest.approx(pairs[number].similarity)
    answer = client.get("/api/v1/products/P00/similar/", {"explain": "true"}).json()["results"]
    for result in answer:
        explained = result["explanation"]
        assert explained["similarity"] == pytest.approx(result["similarity"], abs=1e-5)
        assert sum(explained["contributions"].values()) == pytest.approx(result["similarity"], abs=1e-5)
    first = shown.results[0]
    html = client.get(reverse("why_page", args=["P00", first.candidate.sku])).content.decode()
    assert f"similarity {first.similarity:.2f}" in html


def test_a_modality_is_shown_by_its_own_scale(fitted):
    anchor, other = Product.objects.filter(sku__in=["P00", "P01"]).order_by("sku")
    pair = explain_pairs(anchor.pk, [other.pk], space=fitted)[other.pk]
    (found,) = [
        item.similarity
        for item in similar_products("P00", limit=59, options=Options(modality="text"))
        if item.candidate.sku == "P01"
    ]
    assert pair.similarities["text"] == pytest.approx(found, abs=1e-5)
    assert fitted.scale_of("text") != fitted.scale_of("fused")
