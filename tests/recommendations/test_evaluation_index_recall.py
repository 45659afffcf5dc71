"""Recall of the index: against a graph that finds everything, one that cannot, and none."""

import numpy as np
import pytest
from django.db import connection

from embeddings.spaces.indexes import create_indexes
from recommendations.evaluation import index_recall
from recommendations.evaluation.index_recall import IndexRecall, measure_index_recall
from tests.recommendations.evaluation_shop import make_products, make_space, store_vectors

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    """A space of 60 products with an index, and the ids of the products."""
    random = np.random.default_rng(4)
    products = make_products([f"P{number:03}" for number in range(60)])
    space = make_space("s1", dim=16)
    store_vectors(space, dict(zip(products, random.normal(size=(60, 16)), strict=True)))
    return space, np.array([product.pk for product in products.values()])


def test_a_small_graph_finds_everything_that_exact_search_finds(shop):
    space, anchor_ids = shop
    create_indexes(space)
    measured = measure_index_recall(space, "fused", anchor_ids=anchor_ids)
    assert (measured.space, measured.modality, measured.k, measured.ef_search) == ("s1", "fused", 10, 100)
    assert (measured.recall.mean, measured.recall.count) == (1.0, 60)


def test_the_index_answers_and_not_a_sort_of_all_rows(shop, monkeypatch):
    space, anchor_ids = shop
    create_indexes(space)
    with connection.cursor() as cursor:  # an index that has lost every row but one finds next to nothing
        cursor.execute(f"DROP INDEX emb_hnsw_s{space.pk}_fused")
        cursor.execute(
            f"CREATE INDEX emb_hnsw_s{space.pk}_fused ON embeddings_productembedding USING hnsw "
            f"((vector::halfvec(16)) halfvec_cosine_ops) WITH (m = 2, ef_construction = 4) "
            f"WHERE space_id = {space.pk} AND modality = 'fused'"
        )
    monkeypatch.setattr(index_recall.Retrieval, "ef_search", property(lambda search: 1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('hnsw.max_scan_tuples', '1', true)")
    measured = measure_index_recall(space, "fused", anchor_ids=anchor_ids)
    assert 0 < measured.recall.mean < 0.9


def test_without_an_index_there_is_nothing_to_measure(shop):
    space, anchor_ids = shop
    assert measure_index_recall(space, "fused", anchor_ids=anchor_ids) == IndexRecall("s1", "fused", 10, 100, None)


def test_an_index_of_another_modality_is_not_this_one(shop):
    space, anchor_ids = shop
    create_indexes(space)
    assert measure_index_recall(space, "image", anchor_ids=anchor_ids).recall is None


def test_the_session_searches_as_before_afterwards(shop):
    space, anchor_ids = shop
    create_indexes(space)
    measure_index_recall(space, "fused", anchor_ids=anchor_ids[:1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('enable_sort'), current_setting('hnsw.ef_search')")
        assert cursor.fetchone() == ("on", "40")


def test_a_tie_at_the_last_place_is_no_miss():
    assert index_recall._recall(np.array([0.1, 0.3]), np.array([0.1, 0.3])) == 1.0
    assert index_recall._recall(np.array([0.1, 0.4]), np.array([0.1, 0.3])) == 0.5
