"""The queue of golden pairs asks the index of a space, whatever the size of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from embeddings.spaces.indexes import index_name
from recommendations.golden.neighbours import find_nearest
from recommendations.golden.picking import Draw
from tests.plans import avoid
from tests.recall.clusters import clustered_vectors
from tests.recall.judge import empty, fill
from tests.recommendations.shelf import make_space

COUNT, DIM = 6_000, 16


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker) -> Iterator[EmbeddingSpace]:
    with django_db_blocker.unblock():
        space = make_space(dim=DIM)
        fill(space, clustered_vectors(COUNT, DIM))
        yield space
        empty(space)


@pytest.mark.django_db
def test_neighbours_are_found_by_the_index_and_are_those_that_comparing_everything_finds(shop):
    shared = []
    for anchor_id in list(Product.objects.order_by("pk").values_list("pk", flat=True)[::600]):
        with CaptureQueriesContext(connection) as queries:
            found = {one.product_id for one in find_nearest(anchor_id, shop)}
        (statement,) = [one["sql"] for one in queries if "ORDER BY e.vector" in one["sql"]]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (COSTS OFF) {statement}")
            assert index_name(shop, "fused") in "\n".join(row[0] for row in cursor.fetchall())
            cursor.execute("SET LOCAL enable_indexscan = off")
            cursor.execute(statement)
            shared.append(len(found & {row[0] for row in cursor.fetchall()}) / 10)
            cursor.execute("SET LOCAL enable_indexscan = on")
    assert sum(shared) / len(shared) >= 0.9


@pytest.mark.django_db
def test_a_product_is_drawn_without_reading_those_before_it(shop):
    avoid("nestloop")  # as Postgres does by itself in a catalogue of 100,000
    start = Product.objects.order_by("-pk").values_list("pk", flat=True)[5]
    with CaptureQueriesContext(connection) as queries:
        assert Draw(User(), Random(1), shop).find_from(start) == start
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {queries[0]['sql']}")
        (plan,) = cursor.fetchone()[0]
    assert max(rows_read(plan["Plan"])) <= 10


def rows_read(node: dict[str, Any]) -> Iterator[float]:
    """Yield how many rows each step of a plan came past."""
    yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    for child in node.get("Plans", []):
        yield from rows_read(child)
