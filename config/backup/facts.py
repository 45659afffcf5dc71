"""What a database holds and answers: written down with a backup, and compared after it was restored."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from embeddings.models import EmbeddingSpace, ProductEmbedding
from recommendations.requests import Options
from recommendations.services import similar_products

SAMPLE = 5  # products whose similar ones are compared
LENGTH = 5  # of each list

# The tables of the shop, without what an extension brings; a table of parts is counted by its parts.
TABLES = """
SELECT relname, pg_table_size(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND classid = 'pg_class'::regclass AND deptype = 'e')
ORDER BY relname
"""


def measure_tables() -> dict[str, int]:
    """Return the bytes of each table, without its indexes."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return dict(cursor.fetchall())


def count_rows() -> dict[str, int]:
    """Return the rows of each table: exactly, so this reads all of them."""
    counts = {}
    with connection.cursor() as cursor:
        for table in measure_tables():
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table)))
            counts[table] = cursor.fetchone()[0]
    return counts


def answer_sample() -> dict[str, list[str]]:
    """Return the SKUs that are most similar to some products, by SKU: found by comparing all, as no index would do
    twice the same. None where the database is of another version than the code, which cannot ask it.
    """
    if list_outstanding():
        return {}
    options = Options(exact=True, fallback=False)
    lists = {sku: similar_products(sku, limit=LENGTH, options=options) for sku in draw_sample()}
    return {sku: [one.product.sku for one in found.results] for sku, found in lists.items()}


def draw_sample() -> list[str]:
    """Return a handful of products of the live space, from all over the catalogue."""
    live = EmbeddingSpace.objects.live()
    if live is None:
        return []
    rows = ProductEmbedding.objects.filter(space=live, modality="fused", product__is_active=True).order_by("product_id")
    ids = rows.values_list("product_id", flat=True)
    first, last = ids.first(), ids.last()
    if first is None or last is None:
        return []
    places = [first + (last - first) * number // max(1, SAMPLE - 1) for number in range(SAMPLE)]
    skus = [rows.filter(product_id__gte=place).values_list("product__sku", flat=True).first() for place in places]
    return [sku for sku in dict.fromkeys(skus) if sku]


def list_migrations() -> list[str]:
    """Return what has been migrated, such as `catalog.0020_left_files_and_registries`."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def list_outstanding() -> list[str]:
    """Return the migrations that the code has and the database has not, in their order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def list_known_migrations(loader: MigrationLoader) -> set[str]:
    """Return the migrations that the code has, and those that it has in their place."""
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    return {f"{app}.{name}" for app, name in loader.disk_migrations.keys() | replaced}


def read_versions() -> dict[str, str]:
    """Return the versions of Postgres and of its extensions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        [postgres] = cursor.fetchone()
        cursor.execute("SELECT extname, extversion FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1")
        return {"postgres": postgres, **dict(cursor.fetchall())}


def read_major() -> int:
    """Return the major version of the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return int(cursor.fetchone()[0])
