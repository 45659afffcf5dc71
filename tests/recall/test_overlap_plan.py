"""The overlap of two spaces is asked of their indexes: never of all vectors."""

from __future__ import annotations

import pytest
from django.db import connection

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from embeddings.spaces.drawing import NEXT_PRODUCTS, draw_few
from embeddings.spaces.indexes import create_indexes, index_name
from embeddings.spaces.overlap import NEAREST, measure_overlap
from tests.recommendations.shelf import make_space

pytestmark = pytest.mark.django_db
COUNT, DIM = 2_500, 8
FILL = f"""
INSERT INTO embeddings_productembedding (product_id, space_id, modality, fingerprint, vector, updated_at)
SELECT p.id, %(space)s, 'fused', 'f', (SELECT array_agg(sin(p.id * %(turn)s * n + n * n))::real[]::vector({DIM})
    FROM generate_series(1, {DIM}) n)::halfvec, now() FROM catalog_product p
"""


@pytest.fixture
def pair() -> tuple[EmbeddingSpace, EmbeddingSpace]:
    """Two spaces large enough for an index, which order products differently."""
    Product.objects.bulk_create([Product(sku=f"P{number:04}", title="x") for number in range(COUNT)])
    spaces = make_space(name="one", dim=DIM), make_space(name="two", dim=DIM, live=False)
    with connection.cursor() as cursor:
        for space, turn in zip(spaces, (1.1, 1.3), strict=True):
            cursor.execute(FILL, {"space": space.pk, "turn": turn})
            create_indexes(space)
        cursor.execute("ANALYZE embeddings_productembedding")
        cursor.execute("ANALYZE catalog_product")
    return spaces


def explain(statement: str, values: list[object]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + statement, values)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_neighbours_are_found_by_the_index_and_samples_by_that_of_ids(pair):
    space = pair[0]
    statement = NEAREST.format(space_id=space.pk, dim=space.dim, limit=40)
    plan = explain(statement, [draw_few(20)])
    assert f"Index Scan using {index_name(space, 'fused')}" in plan
    plan = explain(NEXT_PRODUCTS, [[1, 2, 3]])
    assert "catalog_product_pkey" in plan
    assert "Seq Scan on catalog_product" not in plan


def test_the_overlap_by_index_is_near_that_of_a_comparison_of_everything(pair, monkeypatch):
    found = measure_overlap(*pair, count=50)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_indexscan = off")
        exact = measure_overlap(*pair, count=50)
    assert (found.product_count, exact.product_count) == (50, 50)
    assert abs(found.mean - exact.mean) < 0.02
    assert measure_overlap(pair[0], pair[0], count=50).mean == 1.0
