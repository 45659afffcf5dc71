"""Lists of 30,000 products judged against NumPy: complete and true, filtered or not, page after page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from embeddings.spaces.indexes import index_name
from recommendations import statements
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
        ({"collection": "collection3"}, lambda i: i % 7 == 3, "exact"),  # 14 %
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


def test_the_index_keeps_its_recall_where_a_seventh_passes(catalogue, monkeypatch):
    _, vectors = catalogue
    monkeypatch.setattr(statements, "EXACT_PRODUCTS_FILTERED", 3500)
    filters = Filters(collection=("collection3",))
    share, searches, lengths = recall(vectors, allowed=numbers() % 7 == 3, filters=filters)
    assert (searches, lengths) == ({"approximate"}, {LIMIT})
    assert share >= 0.99


def test_where_the_index_gives_up_the_exact_search_completes_the_list(catalogue, monkeypatch):
    """What passes the filter is as far from the anchor as can be, beyond the rows that the index is willing to scan."""
    space, vectors = catalogue
    monkeypatch.setattr(statements, "EXACT_PRODUCTS_FILTERED", 4000)
    far = nearest(-vectors, vectors[100], allowed=np.ones(COUNT, dtype=bool), limit=4500)
    Product.objects.filter(id__in=[row + 1 for row in far]).update(brand="far")
    allowed = np.zeros(COUNT, dtype=bool)
    allowed[far] = True
    truth = nearest(vectors, vectors[100], allowed=allowed & can_be_bought(COUNT), limit=LIMIT)
    retrieval = search_for(space, vectors[100], Filters(brand=("far",)), limit=LIMIT + 1)
    found = find_neighbours(retrieval)
    assert found.search == "approximate"
    shown = similar_products("S101", limit=LIMIT, filters=Filters(brand=("far",)), options=Options(variants="show"))
    assert len(shown) == LIMIT
    if len(found.candidates) < LIMIT:  # pgvector gave up (hnsw.max_scan_tuples)
        assert shown.search == "exact"
        assert [item.candidate.sku for item in shown] == [f"S{row + 1}" for row in truth]


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
