"""How an HNSW index is built: with which settings, in what order of attempts, and what is told meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Thread

import psycopg
import pytest
from django.db import OperationalError, connection
from psycopg.errors import DiskFull

from embeddings.spaces import index_builds, indexes
from embeddings.spaces.lifecycle import ensure_live_space
from tests.embeddings.shop import make_product

pytestmark = pytest.mark.usefixtures("encoders", "rings")


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("graph_bytes", "is_alone", "memory", "workers"),
    [(0, False, "64MB", "4"), (200 * 2**20, False, "200MB", "4"), (2**40, False, "256MB", "4"), (0, True, "64MB", "0")],
    ids=["small", "fits", "too large", "alone"],
)
def test_a_build_gets_what_its_graph_needs_up_to_a_quarter_of_the_cache(graph_bytes, is_alone, memory, workers):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '64MB'")
        cursor.execute("SET LOCAL max_parallel_workers = 8")
        cursor.execute("SET LOCAL effective_cache_size = '1GB'")
    before = indexes.fit_build(graph_bytes=graph_bytes, is_alone=is_alone)
    assert (setting("maintenance_work_mem"), setting("max_parallel_maintenance_workers")) == (memory, workers)
    assert before["maintenance_work_mem"] == "64MB"


@pytest.mark.django_db(transaction=True)
def test_one_process_builds_where_several_cannot_share_the_graph(monkeypatch):
    make_product("A")
    space, attempts = ensure_live_space(), []
    execute = indexes._execute_maintenance

    def fail_together(statement, *, graph_bytes, is_alone=False):
        attempts.append(is_alone)
        if not is_alone:
            raise OperationalError("no space in /dev/shm") from DiskFull()
        execute(statement, graph_bytes=graph_bytes, is_alone=is_alone)

    monkeypatch.setattr(indexes, "_execute_maintenance", fail_together)
    usual = setting("max_parallel_maintenance_workers")
    indexes.create_indexes(space)
    assert attempts == [False, True] * 3
    assert all(indexes._is_valid(indexes.index_name(space, modality)) for modality in ("fused", "text", "image"))
    assert setting("max_parallel_maintenance_workers") == usual


@pytest.mark.django_db(transaction=True)
def test_a_build_is_watched_while_it_waits_for_a_writer(monkeypatch):
    monkeypatch.setattr(index_builds, "LOOK_EVERY_S", 0.01)
    space, told = ensure_live_space(), []
    with psycopg.connect(**connection.get_connection_params()) as writer:
        writer.execute("LOCK TABLE embeddings_productembedding IN ROW EXCLUSIVE MODE")

        def note(done: int, total: int) -> None:
            told.append((done, total))
            writer.rollback()  # the build goes on from here

        indexes.create_indexes(space, on_progress=note)
    assert told[0] == (0, 0)
    assert len(told) > 3  # beside what is told after each of the three


@pytest.mark.django_db(transaction=True)
def test_a_build_that_outlives_its_process_is_waited_for_and_not_begun_anew(monkeypatch):
    space = ensure_live_space()
    name = indexes.index_name(space, "fused")
    statement = (
        f"CREATE INDEX CONCURRENTLY {name} ON embeddings_productembedding USING hnsw "
        f"((vector::halfvec({space.dim})) halfvec_cosine_ops) WHERE space_id = {space.pk} AND modality = 'fused'"
    )

    def build() -> None:
        with psycopg.connect(**connection.get_connection_params(), autocommit=True) as orphan:
            orphan.execute(statement)

    with psycopg.connect(**connection.get_connection_params()) as writer:
        writer.execute("LOCK TABLE embeddings_productembedding IN ROW EXCLUSIVE MODE")
        builder = Thread(target=build)
        builder.start()
        while not (begun := find_index(name)):
            assert builder.is_alive()

        def let_finish(then: Callable[..., None], *names: object) -> None:
            writer.rollback()
            then(*names)

        for name_of_step in ("_wait_for_builds", "drop_index"):
            monkeypatch.setattr(indexes, name_of_step, partial(let_finish, getattr(indexes, name_of_step)))
        indexes.create_indexes(space)
    builder.join()
    assert find_index(name) == begun
    assert indexes.missing_indexes(space) == []


def find_index(name: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)::oid::int", [name])
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_nothing_is_told_of_an_index_that_nobody_builds():
    assert index_builds.read_share(["emb_hnsw_s1_fused"]) is None
