"""Exact rankings in NumPy against what Postgres answers on the same stored vectors."""

import numpy as np
import pytest
from django.db import connection

from catalog.models import Product
from recommendations.evaluation import rankings
from recommendations.requests import Options
from recommendations.services import recommend
from tests.recommendations.evaluation_shop import make_products, make_space, on_circle, store_vectors

pytestmark = pytest.mark.django_db

OPERATORS = {"cosine": "<=>", "euclidean": "<->", "inner_product": "<#>"}


@pytest.fixture
def random_shop():
    """41 products with vectors of unequal length; every fourth has the vector of its neighbour, so ties abound."""
    random = np.random.default_rng(8)
    products = make_products([f"P{number:02}" for number in range(41)])
    vectors = random.normal(size=(41, 24)) * random.uniform(0.2, 3, size=(41, 1))
    vectors[1::4] = vectors[0:40:4]
    space = make_space(dim=24)
    store_vectors(space, dict(zip(products, vectors, strict=True)))
    return space, [product.pk for product in products.values()]


def answer_in_sql(space, product_id, operator):
    statement = f"""
        SELECT other.product_id FROM embeddings_productembedding anchor JOIN embeddings_productembedding other
            ON other.space_id = anchor.space_id AND other.modality = anchor.modality
        WHERE anchor.space_id = %s AND anchor.product_id = %s AND other.product_id <> anchor.product_id
        ORDER BY other.vector {operator} anchor.vector, other.product_id"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [space.pk, product_id])
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize("metric", OPERATORS)
def test_every_ranking_is_the_one_that_postgres_gives(random_shop, metric):
    space, ids = random_shop
    searched = rankings.load_vectors(space, "fused")
    ((_, order),) = rankings.rank_anchors(searched, np.arange(41), metric=metric)
    answers = searched.product_ids[order].tolist()
    assert answers == [answer_in_sql(space, product_id, OPERATORS[metric]) for product_id in ids]


def test_pearson_is_the_correlation_of_the_coordinates(random_shop):
    vectors = rankings.load_vectors(random_shop[0], "fused").vectors
    expected = 1 - np.corrcoef(vectors)
    np.testing.assert_allclose(rankings.pearson_distances(vectors, vectors), expected, atol=1e-12)


@pytest.mark.parametrize("metric", rankings.DISTANCES)
def test_batches_change_nothing(random_shop, metric, monkeypatch):
    searched = rankings.load_vectors(random_shop[0], "fused")
    ((_, whole),) = rankings.rank_anchors(searched, np.arange(41), metric=metric)
    monkeypatch.setattr(rankings, "CELLS_PER_BATCH", 41 * 4)
    batches = list(rankings.rank_anchors(searched, np.arange(41), metric=metric))
    assert [(batch.start, batch.stop) for batch, _ in batches][-2:] == [(36, 40), (40, 41)]
    np.testing.assert_array_equal(np.concatenate([order for _, order in batches]), whole)


def test_vectors_are_those_of_active_products_in_this_space_and_modality():
    make_products(["A", "B", "C"])
    make_products(["OFF"], is_active=False)
    space, other = make_space("s1"), make_space("s2")
    store_vectors(space, {"C": on_circle(0), "A": on_circle(90), "OFF": on_circle(10)})
    store_vectors(space, {"B": on_circle(20)}, modality="image")
    store_vectors(other, {"B": on_circle(30)})
    searched = rankings.load_vectors(space, "fused")
    ids = dict(Product.objects.values_list("sku", "id"))
    assert searched.product_ids.tolist() == [ids["A"], ids["C"]]
    np.testing.assert_allclose(searched.vectors, [[0, 1, 0, 0], [1, 0, 0, 0]], atol=1e-4)
    assert searched.positions_of(np.array([ids["B"], ids["C"], 10**9])).tolist() == [-1, 1, -1]


def test_an_empty_space_has_no_position_for_anything():
    searched = rankings.load_vectors(make_space(), "fused")
    assert searched.positions_of(np.array([1, 2])).tolist() == [-1, -1]
    assert list(rankings.rank_anchors(searched, np.zeros(0, dtype=np.int64))) == []


def test_similarity_of_a_pair_is_one_less_its_distance_and_unknown_without_a_vector():
    make_products(["A", "B", "C"])
    space = make_space()
    store_vectors(space, {"A": on_circle(0), "B": on_circle(60)})
    ids = dict(Product.objects.values_list("sku", "id"))
    pairs = np.array([[ids["A"], ids["B"]], [ids["A"], ids["C"]]])
    similarities = rankings.pair_similarities(rankings.load_vectors(space, "fused"), pairs)
    np.testing.assert_allclose(similarities, [0.5, np.nan], atol=1e-3)


def test_the_neighbours_are_those_that_the_api_shows(random_shop):
    space, ids = random_shop
    space.status = "live"
    space.save()
    searched = rankings.load_vectors(space, "fused")
    ((_, order),) = rankings.rank_anchors(searched, np.arange(41))
    skus = dict(Product.objects.values_list("id", "sku"))
    for anchor_id, row in zip(ids, searched.product_ids[order[:, :10]], strict=True):
        shown = recommend("similar", anchors=[skus[anchor_id]], limit=10, options=Options(variants="show"))
        assert [item.candidate.sku for item in shown] == [skus[product_id] for product_id in row.tolist()]
