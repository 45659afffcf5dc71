"""What Postgres does for a statement: tests of speed ask for the plan, which no busy machine changes."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from embeddings.models import EmbeddingSpace

LARGE = 3_000  # products: enough for Postgres to prefer an index to reading all of them


def fill_shop(count: int = LARGE) -> None:
    """Add so many products, and tell Postgres. Every tenth has no price; brands, collections and categories are ten."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_category (name, path) SELECT 'C' || n, 'C' || n FROM generate_series(0, 9) n"
        )
        cursor.execute(
            "INSERT INTO catalog_product (sku, title, description, translations, attributes, brand, category_id, "
            "price, currency, stock, variant_group, collection, is_active, created_at, updated_at) "
            "SELECT 'S' || n, 'Lamp ' || md5(n::text), 'Warm light', '{}', '{}', 'Brand ' || n %% 10, c.id, "
            "NULLIF(n %% 10, 3) * 100 + n %% 97, 'EUR', 5, '', 'Collection ' || n / 10 %% 10, true, "
            "now() - n * interval '1 minute', now() - n * interval '1 second' "
            "FROM generate_series(1, %s::int) n JOIN catalog_category c ON c.path = 'C' || n %% 7",
            [count],
        )
        cursor.execute("DELETE FROM embeddings_pendingembedding")  # pages would say how many wait
        cursor.execute("ANALYZE catalog_product, catalog_category")


def add_vectors(space: EmbeddingSpace) -> None:
    """Give every product a fused vector in `space` that is worth nothing: only their number matters."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO embeddings_productembedding (product_id, space_id, modality, fingerprint, vector, updated_at) "
            "SELECT id, %s, 'fused', '', '[1,2]', now() FROM catalog_product",
            [space.pk],
        )


def forget_earlier_rows(*tables: str) -> None:
    """Have Postgres plan for the rows that are there: what earlier tests rolled back still fills indexes."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"REINDEX TABLE {table}")
            cursor.execute(f"ANALYZE {table}")


def avoid(*methods: str) -> None:
    """Have Postgres do without them until the test ends, as it does in a catalogue far larger than a test's."""
    with connection.cursor() as cursor:
        for method in methods:
            cursor.execute(f"SET LOCAL enable_{method} = off")


def read_plans(act: Callable[[], object], *, table: str = "catalog_product") -> list[str]:
    """Return the plan of each statement that reads `table` first while `act` runs, in order."""
    with CaptureQueriesContext(connection) as queries:
        act()
    read = [
        query["sql"] for query in queries if query["sql"].startswith("SELECT") and f'FROM "{table}"' in query["sql"]
    ]
    plans = []
    with connection.cursor() as cursor:
        for statement in read:
            cursor.execute("EXPLAIN (COSTS OFF) " + statement)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    return plans
