"""The HNSW index of each space and modality: built after the bulk load, dropped with the space.

Each is partial and on an expression with its dim, so one table serves spaces of any dim. A query uses it when it says
`space_id = N AND modality = '...'` and orders by `vector::halfvec(DIM) <=> query`.
"""

from __future__ import annotations

import logging

from django.db import connection
from psycopg import sql

from api.database_session import has_session
from embeddings.models import EmbeddingSpace, Modality, ProductEmbedding

logger = logging.getLogger(__name__)

M, EF_CONSTRUCTION = 16, 128  # recall 0.997 at ef_search 100 on 100,000 clustered vectors of 384
BUILD_MEMORY = "512MB"  # the graph of about 500,000 vectors; beyond it a build slows down, it does not fail
INDEX_FROM_ROWS = 2_000  # fewer are searched exactly at least as fast


def index_name(space: EmbeddingSpace, modality: str) -> str:
    """Return the name of the index of one modality of a space."""
    return f"emb_hnsw_s{space.pk}_{modality}"


def create_indexes(space: EmbeddingSpace) -> None:
    """Build the missing indexes of a fitted space; searches and saves go on meanwhile.

    CONCURRENTLY cannot run in a transaction: inside one (a test) the index is built the plain way.
    """
    for modality in Modality.values:
        if _is_valid(index_name(space, modality)):
            continue
        drop_index(space, modality)  # what an interrupted build left behind is invalid
        _execute_maintenance(
            sql.SQL(
                "CREATE INDEX {concurrently} {name} ON embeddings_productembedding "
                "USING hnsw ((vector::halfvec({dim})) halfvec_cosine_ops) WITH (m = {m}, ef_construction = {ef}) "
                "WHERE space_id = {space_id} AND modality = {modality}"
            ).format(
                concurrently=_concurrently(),
                name=sql.Identifier(index_name(space, modality)),
                dim=sql.Literal(space.dims[modality]),
                m=sql.Literal(M),
                ef=sql.Literal(EF_CONSTRUCTION),
                space_id=sql.Literal(space.pk),
                modality=sql.Literal(modality),
            )
        )


def drop_indexes(space: EmbeddingSpace) -> None:
    """Drop the indexes of a space."""
    for modality in Modality.values:
        drop_index(space, modality)


def drop_index(space: EmbeddingSpace, modality: str) -> None:
    """Drop the index of one modality of a space, if it is there."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("DROP INDEX {concurrently} IF EXISTS {name}").format(
                concurrently=_concurrently(), name=sql.Identifier(index_name(space, modality))
            )
        )


def missing_indexes(space: EmbeddingSpace) -> list[str]:
    """Return the names of indexes that a space is big enough for and does not have, or not a usable one."""
    return [
        index_name(space, modality)
        for modality in Modality.values
        if not _is_valid(index_name(space, modality)) and is_large(space, modality)
    ]


def is_large(space: EmbeddingSpace, modality: str) -> bool:
    """Return whether a space has so many vectors of a modality that an index pays. Counts no further."""
    vectors = ProductEmbedding.objects.filter(space=space, modality=modality).order_by()
    return vectors[INDEX_FROM_ROWS - 1 : INDEX_FROM_ROWS].exists()


def _is_valid(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [f'"{name}"'])
        row = cursor.fetchone()
    return bool(row and row[0])


def _execute_maintenance(statement: sql.Composed) -> None:
    """Run an index build with more memory than a query gets; one that has to wait for others waits, and is logged.

    Behind a pooler it has what the server gives: a setting would stay on a connection that others use next.
    """
    with connection.cursor() as cursor:
        if not has_session(connection):
            cursor.execute(statement)
            return
        cursor.execute("SHOW maintenance_work_mem")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('maintenance_work_mem', %s, false)", [BUILD_MEMORY])
        try:
            cursor.execute(statement)
        finally:
            if connection.is_usable() and not connection.needs_rollback:
                cursor.execute("SELECT set_config('maintenance_work_mem', %s, false)", [before])


def _concurrently() -> sql.SQL:
    return sql.SQL("") if connection.in_atomic_block else sql.SQL("CONCURRENTLY")
