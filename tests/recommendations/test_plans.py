"""Each statement of a list is served by its index: asked of the planner, with values and prepared without them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connection

from catalog.models import Category
from embeddings.models import EmbeddingSpace
from embeddings.spaces.indexes import index_name
from recommendations import retrieval
from recommendations.requests import Filters, Options
from recommendations.services import recommend
from tests.recall.clusters import clustered_vectors
from tests.recall.judge import empty, fill
from tests.recommendations.shelf import make_space

COUNT, DIM = 6_000, 16
BRANCHES = 20


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker) -> Iterator[EmbeddingSpace]:
    """6,000 products in 20 branches of one category; vacuumed, so that indexes alone can answer."""
    with django_db_blocker.unblock():
        space = make_space(dim=DIM)
        fill(space, clustered_vectors(COUNT, DIM))
        paths = [f"Decor/{number}" for number in range(BRANCHES)]
        first = min(node.pk for path, node in Category.objects.get_or_create_paths(paths).items() if path != "Decor")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_product SET category_id = %s + id %% %s", [first, BRANCHES])
            cursor.execute("VACUUM ANALYZE catalog_product")
            cursor.execute(
                "TRUNCATE catalog_productimage CASCADE"
            )  # that it is empty, the planner must not have learnt
        yield space
        empty(space)
        Category.objects.all().delete()


@pytest.fixture
def space(db, shop) -> EmbeddingSpace:
    return shop


@pytest.fixture(params=["with values", "prepared"])
def plans(request, monkeypatch, space) -> list[str]:
    """The plans of the statements that a list asks."""
    seen: list[str] = []
    fetch = retrieval.fetch_rows

    def look(statement: str, params: dict[str, object], *, one_plan: bool) -> list[dict[str, object]]:
        with connection.cursor() as cursor:
            if request.param == "prepared":
                cursor.execute(f"EXPLAIN (GENERIC_PLAN, COSTS OFF) {number_parameters(statement)}")
            else:
                cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", params)
            seen.append("\n".join(row[0] for row in cursor.fetchall()))
        return fetch(statement, params, one_plan=one_plan)

    monkeypatch.setattr(retrieval, "fetch_rows", look)
    return seen


def number_parameters(statement: str) -> str:
    """Return the statement as Postgres prepares it: `$1` for the first of the values."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    return re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement).replace("%%", "%")


def scans(plan: str) -> list[str]:
    """How each table is read, such as `Index Scan using NAME on TABLE`, without what is a sample or no table."""
    lines = [line.strip(" ->") for line in plan.splitlines()]
    kinds = r"((?:Parallel )?(?:Seq|Index|Index Only|Bitmap Index|Bitmap Heap) Scan .*)"
    return [found[1] for line in lines if (found := re.match(kinds, line))]


def test_a_list_goes_through_the_hnsw_index(plans, space):
    assert recommend(anchors=["S101"]).search == "approximate"
    (plan,) = plans
    assert f"Index Scan using {index_name(space, 'fused')} on embeddings_productembedding e" in scans(plan)


@pytest.mark.parametrize(
    "given", [{"attr.tenth": "3"}, {"category": "Decor"}, {"price_max": "50", "in_stock": "true"}], ids=str
)
def test_a_filtered_list_goes_through_the_index_whatever_the_planner_expects(plans, space, monkeypatch, given):
    """It expects few products where there are many: attributes and categories with all below them."""
    monkeypatch.setattr("recommendations.nearest.FEW_PRODUCTS", 100)
    recommend(anchors=["S101"], filters=Filters.read(given))
    assert f"Index Scan using {index_name(space, 'fused')} on embeddings_productembedding e" in scans(plans[0])
    assert not [scan for scan in scans(plans[0]) if scan.startswith("Seq Scan on embeddings_productembedding")]


@pytest.mark.parametrize(
    ("given", "index"),
    [
        ({"brand": "brand7"}, "product_brand"),
        ({"category": "Decor/7"}, "product_filters"),
        ({"category": "Decor/7", "price_max": "20"}, "product_filters"),
        ({"attr.thousandth": "7"}, "product_attributes"),
        ({"collection": "collection3", "brand": "brand7"}, "product_brand"),
    ],
    ids=str,
)
def test_what_a_filter_keeps_is_found_by_its_column_and_compared_by_product(plans, given, index):
    assert recommend(anchors=["S101"], filters=Filters.read(given)).search == "exact"
    found = scans(plans[-1])
    assert [scan for scan in found if index in scan]
    assert [scan for scan in found if "one_embedding_per_modality" in scan]
    assert not [scan for scan in found if scan.startswith("Seq Scan on catalog_product")]


def test_what_a_category_keeps_is_read_from_the_index_alone(plans):
    recommend(anchors=["S101"], filters=Filters(category=("Decor/7",)), options=Options(out_of_stock="last"))
    assert [scan for scan in scans(plans[-1]) if scan.startswith("Index Only Scan using product_filters")]


@pytest.mark.parametrize("given", [{"attr.tenth": "3"}, {"brand": "brand7"}, {"price_max": "50"}], ids=str)
def test_whether_a_filter_keeps_few_is_asked_by_a_statement_of_one_plan(space, monkeypatch, given):
    """It costs more to plan than to run; only what finds and compares the few is planned for their values."""
    monkeypatch.setattr("recommendations.nearest.FEW_PRODUCTS", 100)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
        connection.connection._prepared.clear()  # psycopg's own list of them
        for _ in range(12):
            recommend(anchors=["S101"], filters=Filters.read(given))
        cursor.execute(
            "SELECT generic_plans > 0 FROM pg_prepared_statements WHERE statement ~ 'TABLESAMPLE'",
        )
        assert cursor.fetchall() == [(True,)]


@pytest.mark.parametrize(("strategy", "index"), [("recent", "product_by_creation"), ("popular", "product_popular")])
def test_lists_without_vectors_are_read_in_the_order_of_an_index(plans, strategy, index):
    assert len(recommend(strategy)) == 10
    (plan,) = plans
    assert [scan for scan in scans(plan) if scan.startswith("Index Scan") and index in scan]
    assert not [scan for scan in scans(plan) if scan.startswith("Seq Scan on catalog_product")]


def test_a_list_is_filled_up_in_the_order_of_an_index(plans, space):
    """Few have vectors, or else the list would be full; the planner still knows of a time when all had."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM embeddings_productembedding WHERE product_id > 8")
    shown = recommend(anchors=["S1"], options=Options(variants="show"))
    assert shown.fallback_used
    found = scans(plans[-1])
    assert [scan for scan in found if scan.startswith("Index Scan") and "product_by_creation" in scan]
    assert not [scan for scan in found if scan.startswith("Seq Scan on embeddings_productembedding")]
    assert not [scan for scan in found if scan.startswith("Seq Scan on catalog_product")]


def test_a_query_vector_is_read_once_however_often_it_is_compared(plans):
    recommend(anchors=["S101"], filters=Filters(price_max="50"))
    assert plans[0].count("CTE query") == 1
