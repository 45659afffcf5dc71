"""The HNSW index of each space and modality: built after the bulk load, dropped with the space.

Each is partial and on an expression with its dim, so one table serves spaces of any dim. A query uses it when it says
`space_id = N AND modality = '...'` and orders by `vector::halfvec(DIM) <=> query`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from psycopg import sql
from psycopg.errors import DiskFull

from api.database_session import has_session
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.index_builds import watch_build

logger = logging.getLogger(__name__)

M, EF_CONSTRUCTION = 16, 128  # recall 0.997 at ef_search 100 on 100,000 clustered vectors of 384
NODE_BYTES = 780  # of the graph for each vector beside its numbers; measured, 715 alone and 780 with workers
INDEX_FROM_ROWS = 2_000  # fewer are searched exactly at least as fast
OnProgress = Callable[[int, int], object]  # vectors in the indexes, vectors to be in them


def index_name(space: EmbeddingSpace, modality: str) -> str:
    """Return the name of the index of one modality of a space."""
    return index_name_of(space.pk, modality)


def index_name_of(space_id: int, modality: str) -> str:
    return f"emb_hnsw_s{int(space_id)}_{modality}"


# The same of columns, as SQL.
INDEX_NAME = "'emb_hnsw_s' || {space_id} || '_' || {modality}"
# SQL: the vectors in the index of a name, as Postgres last counted them; 0 where there is none that is whole.
INDEXED_ROWS = """coalesce((SELECT c.reltuples FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indexrelid = to_regclass({name}) AND i.indisvalid), 0)"""


def create_indexes(space: EmbeddingSpace, *, on_progress: OnProgress | None = None) -> None:
    """Build the missing indexes of a fitted space; searches and saves go on meanwhile.

    `on_progress` is told how many vectors are in and how many are to be, every second, from another thread.
    """
    missing = [modality for modality in space.dims if not _is_valid(index_name(space, modality))]
    counts = {modality: _vectors(space, modality).count() for modality in missing}
    done, total = 0, sum(counts.values())
    for modality, count in counts.items():
        if on_progress is None or connection.in_atomic_block:  # what a transaction builds, nobody else sees
            _complete_index(space, modality, count)
        else:
            tell = partial(_tell_share, on_progress, done=done, count=count, total=total)
            with watch_build(index_name(space, modality), tell):
                _complete_index(space, modality, count)
        done += count
        if on_progress:
            on_progress(done, total)


def _tell_share(on_progress: OnProgress, share: float, *, done: int, count: int, total: int) -> None:
    on_progress(done + int(share * count), total)


def _complete_index(space: EmbeddingSpace, modality: str, count: int) -> None:
    """Build one index, unless it is being built by a process that was killed: Postgres goes on with that to the end."""
    name = index_name(space, modality)
    if not connection.in_atomic_block and _exists(name):
        _wait_for_builds()
        if _becomes_valid(name):
            return
    drop_index(space, modality)  # what an interrupted build left behind is invalid
    _create_index(space, modality, count)


def _wait_for_builds() -> None:
    """Wait until nobody builds an index of the vectors: who does holds this lock of the table."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE embeddings_productembedding IN SHARE UPDATE EXCLUSIVE MODE")


def _becomes_valid(name: str) -> bool:
    """Return whether an index is valid: Postgres lets go of the lock of a build a moment before it is."""
    for _ in range(5):
        if _is_valid(name):
            return True
        time.sleep(0.2)
    return _is_valid(name)


def _create_index(space: EmbeddingSpace, modality: str, count: int) -> None:
    """Build one index; by a single process where the server has no room for several to share the graph.

    CONCURRENTLY cannot run in a transaction: inside one (a test) the index is built the plain way.
    """
    statement = sql.SQL(
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
    graph_bytes = int(count * (2 * space.dims[modality] + NODE_BYTES) * 1.1)
    try:
        _execute_maintenance(statement, graph_bytes=graph_bytes)
    except OperationalError as error:
        if not isinstance(error.__cause__, DiskFull) or connection.in_atomic_block:
            raise
        logger.info("Several processes cannot share the index's graph (%s): one builds it", error)
        drop_index(space, modality)
        _execute_maintenance(statement, graph_bytes=graph_bytes, is_alone=True)


def drop_indexes(space: EmbeddingSpace) -> None:
    """Drop the indexes of a space."""
    for modality in space.dims:
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
    return [index_name(space, modality) for modality in space.dims if lacks_index(space, modality)]


def lacks_index(space: EmbeddingSpace, modality: str) -> bool:
    """Return whether a space is big enough for an index of a modality and has none that can be used."""
    return not _is_valid(index_name(space, modality)) and is_large(space, modality)


def is_large(space: EmbeddingSpace, modality: str) -> bool:
    """Return whether a space has so many vectors of a modality that an index pays. Counts no further."""
    return _vectors(space, modality)[INDEX_FROM_ROWS - 1 : INDEX_FROM_ROWS].exists()


def _vectors(space: EmbeddingSpace, modality: str) -> QuerySet[ProductEmbedding]:
    return ProductEmbedding.objects.filter(space=space, modality=modality).order_by()


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f'"{name}"'])
        return bool(cursor.fetchone()[0])


def _is_valid(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [f'"{name}"'])
        row = cursor.fetchone()
    return bool(row and row[0])


def _execute_maintenance(statement: sql.Composed, *, graph_bytes: int, is_alone: bool = False) -> None:
    """Run an index build with the memory of its graph and half of the server's workers, for this statement alone.

    Behind a pooler it has what the server gives: a setting would stay on a connection that others use next.
    """
    with connection.cursor() as cursor:
        if not has_session(connection):
            cursor.execute(statement)
            return
        before = fit_build(graph_bytes=graph_bytes, is_alone=is_alone)
        try:
            cursor.execute(statement)
        finally:
            if connection.is_usable() and not connection.needs_rollback:
                _set(before)


def fit_build(*, graph_bytes: int, is_alone: bool) -> dict[str, str]:
    """Fit the session's settings to a build; return what they were.

    The graph gets a quarter of what the server is told that its machine caches, where it needs as much: beyond that a
    build slows down, it does not fail.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('maintenance_work_mem'), current_setting('max_parallel_maintenance_workers'), "
            "pg_size_bytes(current_setting('maintenance_work_mem')), current_setting('max_parallel_workers')::int, "
            "pg_size_bytes(current_setting('effective_cache_size')) / 4"
        )
        memory, workers, usual_bytes, most_workers, most_bytes = cursor.fetchone()
    wanted_bytes = max(usual_bytes, min(graph_bytes, most_bytes))
    _set(
        {
            "maintenance_work_mem": f"{wanted_bytes // 1024}kB",
            "max_parallel_maintenance_workers": "0" if is_alone else str(max(1, most_workers // 2)),
        }
    )
    return {"maintenance_work_mem": memory, "max_parallel_maintenance_workers": workers}


def _set(values: Mapping[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])


def _concurrently() -> sql.SQL:
    return sql.SQL("") if connection.in_atomic_block else sql.SQL("CONCURRENTLY")
