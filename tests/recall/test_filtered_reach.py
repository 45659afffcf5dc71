"""How far the index looks where a filter drops some of what it finds, and what looking less far would lose."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection

from catalog.models import Product
from embeddings.spaces.indexes import index_name
from recommendations import nearest as nearest_sql
from recommendations.requests import Filters
from recommendations.retrieval import find_neighbours
from recommendations.search.plan import POOL
from recommendations.statements import Retrieval
from tests.recall.clusters import clustered_vectors, nearest
from tests.recall.judge import LIMIT, explain, fill, search_for, was_used
from tests.recommendations.shelf import make_space

COUNT, DIM = 3_000, 96
NO_CLUSTERS = 100.0  # the noise drowns the centres: everything is about as far from everything, the hardest to search


@pytest.fixture(autouse=True)
def nothing_is_few(monkeypatch):
    """Filters that keep little go through the index as well."""
    monkeypatch.setattr(nearest_sql, "FEW_PRODUCTS", 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"collection": "collection3"}, lambda i: i % 7 == 3),  # a seventh; looking at 100 rows finds 97 %
        ({"price_max": "15"}, lambda i: i <= 1500),  # half; looking at 100 rows finds 97 %
    ],
    ids=["a seventh passes", "half passes"],
)
def test_a_filtered_search_for_what_is_no_product_keeps_its_recall(given, kept):
    """Unlike products, photos and words hang nowhere in the index: the first rows found are less often the nearest.

    Searches by words or photo ask for a hundred candidates, so that 200 rows are looked at.
    The graph is drawn by chance, but the vectors are not: twelve graphs all found 99.8 % or more.
    """
    space = make_space(dim=DIM)
    vectors = clustered_vectors(COUNT, DIM, spread=NO_CLUSTERS)
    queries = clustered_vectors(50, DIM, spread=NO_CLUSTERS, seed=1)
    fill(space, vectors)
    allowed, filters = kept(np.arange(1, COUNT + 1)), Filters.read(given)
    assert was_used(explain(search_for(space, queries[0], filters, limit=LIMIT)), index_name(space, "fused"))
    hits = 0
    for query in queries:
        truth = {row + 1 for row in nearest(vectors, query, allowed=allowed, limit=LIMIT)}
        found = find_neighbours(search_for(space, query, filters, limit=POOL))
        hits += len(truth & {candidate.product_id for candidate in found.candidates[:LIMIT]})
    assert hits / (len(queries) * LIMIT) >= 0.99


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, ("100", "relaxed_order")),
        ({"price_max": "15"}, ("100", "off")),  # half of 3,000 pass: ten are among 20
        ({"collection": "collection3"}, ("210", "off")),  # a seventh: 428
    ],
    ids=str,
)
def test_the_index_finds_three_times_as_many_rows_as_should_be_needed(monkeypatch, given, asked):
    """Twice as many are looked at: of the last ones that it finds others are missing that are as near."""
    monkeypatch.setattr(nearest_sql, "SAMPLED_PRODUCTS", COUNT)
    space = make_space(dim=DIM)
    vectors = clustered_vectors(COUNT, DIM)
    fill(space, vectors)
    found = find_neighbours(search_for(space, vectors[100], Filters.read(given), limit=LIMIT))
    assert (len(found.candidates), found.search) == (LIMIT, "approximate")
    assert asked_of_the_index() == asked


@pytest.mark.django_db
def test_products_of_which_nothing_is_known_count_as_those_that_do_not_pass(monkeypatch):
    """Of 3,000 half have no price, and a quarter is cheap: ten are among 40, not 20."""
    monkeypatch.setattr(nearest_sql, "SAMPLED_PRODUCTS", COUNT)
    space = make_space(dim=DIM)
    vectors = clustered_vectors(COUNT, DIM)
    fill(space, vectors)
    Product.objects.filter(id__gt=COUNT // 2).update(price=None)
    found = find_neighbours(search_for(space, vectors[100], Filters.read({"price_max": "7.5"}), limit=LIMIT))
    assert (len(found.candidates), found.search) == (LIMIT, "approximate")
    assert asked_of_the_index() == ("120", "off")


@pytest.mark.django_db
def test_where_the_index_is_no_use_unless_what_passes_is_near_its_first_rows_are_looked_at(monkeypatch):
    monkeypatch.setattr(nearest_sql, "SAMPLED_PRODUCTS", COUNT)
    space = make_space(dim=DIM)
    vectors = clustered_vectors(COUNT, DIM)
    fill(space, vectors)
    found = find_neighbours(search_for(space, vectors[100], Filters(brand=("brand7",)), limit=LIMIT))
    assert found.search == "exact"
    assert asked_of_the_index() == ("300", "off")


@pytest.mark.django_db
def test_where_few_of_the_sample_pass_in_a_big_catalogue_a_bigger_one_is_asked(monkeypatch):
    monkeypatch.setattr(nearest_sql, "DOUBTED_FROM", COUNT - 1)
    monkeypatch.setattr(nearest_sql, "SAMPLED_PRODUCTS", COUNT // 4)  # 15 of which pass, about
    fill(make_space(dim=DIM), clustered_vectors(COUNT, DIM))
    with connection.cursor() as cursor:
        share = nearest_sql.passing_share("p.id % 50 = 7")
        cursor.execute(f"SELECT {share} FROM (SELECT {COUNT} AS products) sizes")
        assert cursor.fetchone() == (0.02,)  # as 5,000 are all of them


def asked_of_the_index() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('hnsw.ef_search'), current_setting('hnsw.iterative_scan')")
        return cursor.fetchone()


@pytest.mark.parametrize(
    ("limit", "hidden", "rows"),
    [(1, 0, 100), (50, 0, 100), (51, 0, 102), (60, 90, 300), (500, 0, 1000), (501, 0, 1000)],
)
def test_long_lists_and_late_pages_look_twice_as_far_as_they_reach(limit, hidden, rows):
    assert Retrieval(limit=limit, hidden_ids=tuple(range(hidden))).ef_search == rows
