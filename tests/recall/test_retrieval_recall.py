"""Lists of 30,000 products judged against NumPy: complete and true, filtered or not, page after page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from catalog.models import Category, Product
from embeddings.models import EmbeddingSpace
from embeddings.spaces.indexes import drop_index, index_name
from recommendations import nearest as nearest_sql
from recommendations.distances import METRICS
from recommendations.requests import Filters, Options
from recommendations.retrieval import find_neighbours
from recommendations.services import similar_products
from tests.recall.clusters import clustered_vectors, nearest
from tests.recall.judge import LIMIT, QUERIES, can_be_bought, empty, explain, fill, recall, search_for, was_used
from tests.recommendations.shelf import make_space

COUNT, DIM = 30_000, 32


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker) -> Iterator[tuple[EmbeddingSpace, np.ndarray]]:
    """30,000 products in 600 clusters, indexed, once for all tests here: what a test changes is rolled back."""
    with django_db_blocker.unblock():
        space = make_space(dim=DIM)
        vectors = clustered_vectors(COUNT, DIM)
        fill(space, vectors)
        yield space, vectors
        empty(space)


@pytest.fixture
def catalogue(db, shop) -> tuple[EmbeddingSpace, np.ndarray]:
    return shop


def numbers() -> np.ndarray:
    return np.arange(1, COUNT + 1)


@pytest.mark.parametrize(
    ("given", "kept", "search"),
    [
        ({"brand": "brand7"}, lambda i: i % 100 == 7, "exact"),  # 1 %
        ({"attr.thousandth": "7"}, lambda i: i % 1000 == 7, "exact"),  # 0.1 %
        ({"collection": "collection3"}, lambda i: i % 7 == 3, "approximate"),  # 14 %
        ({"price_max": "40"}, lambda i: i % 10_000 <= 4000, "approximate"),  # 40 %
        ({"price_min": "50"}, lambda i: i % 10_000 >= 5000, "approximate"),  # 50 %
    ],
)
def test_a_filter_costs_neither_rows_nor_recall(catalogue, given, kept, search):
    space, vectors = catalogue
    allowed = kept(numbers())
    share, searches, lengths = recall(vectors, allowed=allowed, filters=Filters.read(given))
    assert (searches, lengths) == ({search}, {LIMIT})
    assert share >= 0.99
    plan = explain(search_for(space, vectors[100], Filters.read(given)))
    assert was_used(plan, index_name(space, "fused")) is (search == "approximate")


def test_exact_search_is_exactly_numpys_answer(catalogue):
    _, vectors = catalogue
    for query in list(QUERIES)[:5]:
        mask = np.ones(COUNT, dtype=bool)
        mask[query] = False
        truth = nearest(vectors, vectors[query], allowed=mask, limit=LIMIT)
        options = Options(variants="show", out_of_stock="mixed", exact=True)
        shown = similar_products(f"S{query + 1}", limit=LIMIT, options=options)
        assert shown.search == "exact"
        assert [item.candidate.sku for item in shown] == [f"S{row + 1}" for row in truth]


@pytest.fixture
def far(catalogue) -> np.ndarray:
    """What has the brand `far` is as far from product 101 as can be, and enough for the index to be tried first."""
    _, vectors = catalogue
    rows = np.array(nearest(-vectors, vectors[100], allowed=np.ones(COUNT, dtype=bool), limit=4500))
    Product.objects.filter(id__in=(rows + 1).tolist()).update(brand="far")
    allowed = np.zeros(COUNT, dtype=bool)
    allowed[rows] = True
    return allowed


def test_where_the_index_gives_up_everything_is_compared_in_the_same_statement(catalogue, far):
    """Beyond the rows that the index may look at: what it would find at last is not the nearest."""
    space, vectors = catalogue
    truth = nearest(vectors, vectors[100], allowed=far & can_be_bought(COUNT), limit=LIMIT)
    retrieval = replace(search_for(space, vectors[100], Filters(brand=("far",)), limit=LIMIT), in_stock=True)
    assert was_used(explain(retrieval), index_name(space, "fused"))
    found = find_neighbours(retrieval)
    assert found.search == "exact"
    assert [candidate.product_id for candidate in found.candidates] == [row + 1 for row in truth]
    shown = similar_products("S101", limit=LIMIT, filters=Filters(brand=("far",)), options=Options(variants="show"))
    assert shown.search == "exact"
    assert [item.candidate.sku for item in shown] == [f"S{row + 1}" for row in truth]


@pytest.mark.parametrize("metric", METRICS)
def test_each_metric_goes_through_the_index_and_finds_its_own_nearest(catalogue, metric):
    """Vectors have length 1: by all metrics but pearson the same products are nearest."""
    options = {exact: Options(variants="show", metric=metric, exact=exact) for exact in (False, True)}
    hits = 0
    for query in QUERIES:
        found = similar_products(f"S{query + 1}", limit=LIMIT, options=options[False])
        truth = similar_products(f"S{query + 1}", limit=LIMIT, options=options[True])
        assert (found.search, truth.search) == ("approximate", "exact")
        distances = {item.candidate.sku: item.distance for item in truth}
        same = [item for item in found if item.candidate.sku in distances]
        assert [item.distance for item in same] == pytest.approx([distances[item.candidate.sku] for item in same])
        hits += len(same)
    assert hits / (LIMIT * len(QUERIES)) >= 0.98


@pytest.fixture
def before_the_index(catalogue, monkeypatch):
    """A shop whose index is still to be built, and big for it."""
    space, _ = catalogue
    monkeypatch.setattr(nearest_sql, "NARROWED_FROM", 10_000)
    monkeypatch.setattr(nearest_sql, "NARROWED_TO", 3_000)
    drop_index(space, "fused")


def test_before_there_is_an_index_a_big_shop_is_looked_at_in_part_and_says_so(catalogue, before_the_index):
    space, vectors = catalogue
    plan = explain(replace(search_for(space, vectors[100]), in_stock=True))
    compared = [line for line in plan.splitlines() if "one_embedding_per_modality" in line and "never" not in line]
    (loops,) = [int(re.search(r"loops=(\d+)", line)[1]) for line in compared]
    assert 1_000 < loops < 9_000
    shown = similar_products("S101", options=Options(variants="show"))
    assert (len(shown), shown.search, shown.more) == (LIMIT, "approximate", True)


def test_before_there_is_an_index_the_anchors_own_category_is_looked_at_first(catalogue, before_the_index):
    _, vectors = catalogue
    mask = can_be_bought(COUNT)
    mask[100] = False
    truth = [row + 1 for row in nearest(vectors, vectors[100], allowed=mask, limit=LIMIT)]
    category = Category.objects.get_or_create_path("Decor")
    Product.objects.filter(id__in=[*truth, 101]).update(category=category)
    shown = similar_products("S101", options=Options(variants="show"))
    assert [item.candidate.sku for item in shown] == [f"S{product}" for product in truth]


def test_before_there_is_an_index_a_filter_that_keeps_few_is_searched_exactly(catalogue, before_the_index):
    shown = similar_products("S101", filters=Filters(brand=("brand7",)), options=Options(variants="show"))
    assert (len(shown), shown.search) == (LIMIT, "exact")


def test_lists_longer_than_the_index_looks_at_are_full(catalogue):
    for limit in (100, 60):
        shown = similar_products("S101", limit=limit, options=Options(variants="show", diversity=0.1))
        assert (len(shown), shown.search) == (limit, "approximate")


def pages(limit: int, total: int) -> Sequence[str]:
    from recommendations.requests import Page

    seen: list[str] = []
    page = Page()
    while len(seen) < total:
        shown = similar_products("S101", limit=limit, options=Options(variants="show", page=page))
        seen += [item.candidate.sku for item in shown]
        page = Page((*page.shown_ids, *(item.candidate.product_id for item in shown)), shown.recommendation_id)
    return seen


def test_pages_through_the_index_repeat_nothing(catalogue):
    _, vectors = catalogue
    seen = pages(25, 100)
    assert len(set(seen)) == 100
    mask = can_be_bought(COUNT)
    mask[100] = False
    truth = {f"S{row + 1}" for row in nearest(vectors, vectors[100], allowed=mask, limit=100)}
    assert len(truth & set(seen)) >= 98
