"""Everything works through PgBouncer in transaction mode, and leaves nothing behind on the connections of its pool."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from io import StringIO
from unittest import mock
from urllib.parse import quote

import psycopg
import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.database_session import has_session
from api.postgres.rows import fetch_rows
from behaviour.events import retention
from behaviour.events.event import Event, settled_id
from behaviour.events.ingestion import NewEvent, record_events
from catalog.models import Product
from config.web import limit_statements
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces import building, indexes, lifecycle
from embeddings.spaces.locks import BUILD_LOCK, read_holder, try_lock
from recommendations import worker
from tests.embeddings.conftest import encoders, rings  # noqa: F401  (fixtures)
from tests.embeddings.shop import make_product
from tests.services.pgbouncer import POOL_SIZE, PgBouncer, is_installed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not is_installed(), reason="pgbouncer is not installed"),
]


@pytest.fixture
def pooler(tmp_path) -> Iterator[PgBouncer]:
    """A pooler with all of its connections open, and Django's connection going through it."""
    direct = connection.settings_dict.copy()
    pooler = PgBouncer(tmp_path / "pgbouncer", host=direct["HOST"], user=direct["USER"], name=direct["NAME"])
    try:
        pooler.wait_until_it_answers()
        connection.close()
        connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(pooler.port), "NAME": "shop"}
        open_all()
        yield pooler
    finally:
        connection.close()
        connection.settings_dict |= {name: direct[name] for name in ("HOST", "PORT", "NAME")}
        pooler.stop()


def open_all() -> None:
    """Have the pooler open every connection that it may: as many transactions at once take them."""
    with ExitStack() as stack:
        for _ in range(POOL_SIZE):
            copy = stack.enter_context(closing(connection.copy()))
            copy.set_autocommit(False)
            stack.callback(copy.rollback)  # the pool keeps no connection that is left within a transaction
            copy.cursor().execute("SELECT 1")


def ask_postgres(query: str) -> list[tuple]:
    """Return what Postgres itself says, asked past the pooler."""
    from config.services.paths import home_directory, socket_directory

    names = {"host": str(socket_directory(home_directory())), "user": "kindred", "dbname": "postgres"}
    with psycopg.connect(**names, autocommit=True) as direct:
        return direct.execute(query).fetchall()


@pytest.fixture
def shop(pooler, encoders, rings, monkeypatch):  # noqa: F811
    monkeypatch.setattr(lifecycle, "MIN_FIT_PRODUCTS", 3)
    monkeypatch.setattr(building, "MIN_FIT_PRODUCTS", 3)
    for number in range(8):
        make_product(f"P{number}", title=f"mug {number}", variant_group="AB"[number % 2])
    call_command("embed_products", stdout=StringIO(), stderr=StringIO())


def test_a_backup_goes_past_the_pooler(pooler, settings, tmp_path):
    settings.KINDRED_HOME = tmp_path
    (tmp_path / "secret_key").write_text("key")
    with pytest.raises(CommandError, match="set KINDRED_BACKUP_DATABASE_URL to a DATABASE_URL that names Postgres"):
        run("backup", str(tmp_path / "backup"))
    before = connection.settings_dict.copy()
    host, name = quote(pooler.host, safe=""), pooler.name
    settings.KINDRED_BACKUP_DATABASE_URL = f"postgres://{pooler.user}@{host}/{name}"
    try:
        assert "complete" in run("backup", str(tmp_path / "backup"))
    finally:
        connection.close()
        connection.settings_dict.update(before)


def run(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_two_transactions_of_one_connection_run_on_two_of_the_pool(pooler):
    with connection.cursor() as cursor:
        pids = set()
        for _ in range(2 * POOL_SIZE):
            cursor.execute("SELECT pg_backend_pid()")
            pids.add(cursor.fetchone()[0])
    assert len(pids) == POOL_SIZE
    assert not has_session(connection)


def test_no_statement_is_prepared_on_a_connection_that_goes_to_others_next(pooler):
    for number in range(5 * POOL_SIZE):
        assert fetch_rows("SELECT %(n)s::int AS n", {"n": number}, one_plan=True) == [{"n": number}]
        assert fetch_rows("SELECT count(*) AS n FROM pg_prepared_statements", {}) == [{"n": 0}]


def test_rows_are_read_piece_by_piece_though_each_statement_has_another_connection(pooler):
    for number in range(2 * POOL_SIZE):
        make_product(f"P{number}")
    read = []
    for product in Product.objects.order_by("pk").iterator(chunk_size=1):  # a cursor of the server's would stay behind
        read.append(product.sku)
        assert fetch_rows("SELECT count(*) AS n FROM pg_cursors", {}) == [{"n": 0}]
    assert read == [f"P{number}" for number in range(2 * POOL_SIZE)]


def test_spaces_are_embedded_built_compared_evaluated_and_promoted(shop, monkeypatch):
    monkeypatch.setattr(indexes, "INDEX_FROM_ROWS", 1)
    assert EmbeddingSpace.objects.live().fitted_on == 8
    run("spaces", "create", "second")
    assert run("spaces", "build", "second").startswith("Space second is ready: 8 products.\n")
    assert "recall@10" in run("spaces", "compare", "--by", "variant_group")
    assert "recall@10" in run("evaluate", "--by", "variant_group")
    assert run("spaces", "promote", "second") == "Space second is live, default can be rolled back to.\n"
    assert ProductEmbedding.objects.filter(modality="fused", space__name="second").count() == 8
    assert ask_postgres("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]
    assert indexes.missing_indexes(EmbeddingSpace.objects.live()) == []


def test_one_build_at_a_time_whoever_holds_the_connection_now(pooler):
    with try_lock(BUILD_LOCK, purpose="space first") as is_free:
        assert is_free
        for _ in range(2 * POOL_SIZE):
            with try_lock(BUILD_LOCK, purpose="space second") as is_free_again:
                assert not is_free_again
        assert read_holder(BUILD_LOCK).description.startswith("space first, process ")
    assert read_holder(BUILD_LOCK) is None
    with try_lock(BUILD_LOCK, purpose="space second") as is_free:
        assert is_free


def test_events_are_recorded_once_by_several_at_once_and_old_ones_forgotten(pooler):
    batch = [NewEvent(event_id=f"e{number}", type="view", sku="A") for number in range(200)]
    counts: list[int] = []

    def write() -> None:
        counts.append(len(record_events(batch)))
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(POOL_SIZE)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (sum(counts), Event.objects.count(), settled_id()) == (200, 200, Event.objects.latest("id").pk)
    retention.keep_retention(seconds=60)
    Event.objects.all().delete()
    assert ask_postgres("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]


def test_a_search_is_answered_soon_and_nothing_is_left_listening(pooler):
    started = threading.Event()

    def answer() -> None:
        started.wait(30)
        try:
            worker.store_answer("k", b"vectors")
        finally:
            connection.close()

    elsewhere = threading.Thread(target=answer)
    elsewhere.start()
    send = mock.Mock(side_effect=lambda *args, **options: started.set())
    with CaptureQueriesContext(connection) as asked:
        assert worker.ask("k", mock.Mock(apply_async=send), args=(), deadline_s=2) == b"vectors"
    assert [query["sql"] for query in asked if "LISTEN" in query["sql"]] == []
    elsewhere.join()
    with connection.cursor() as cursor:
        for _ in range(POOL_SIZE):
            cursor.execute("SELECT count(*) FROM pg_listening_channels()")
            assert cursor.fetchone() == (0,)


def test_the_limit_of_the_web_process_does_not_pass_on_to_workers(pooler, settings):
    settings.KINDRED_STATEMENT_TIMEOUT_S = 0.01
    limit_statements(connection)
    with connection.cursor() as cursor:
        for _ in range(POOL_SIZE):
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)


def test_a_pooler_without_a_limit_for_the_web_process_is_refused(pooler, settings):
    settings.KINDRED_STATEMENT_TIMEOUT_S = 5

    def refusals() -> list[str]:
        messages = run_checks(databases=["default"], include_deployment_checks=True)
        return [message.hint for message in messages if message.id == "embeddings.E008"]

    (hint,) = refusals()
    assert "connect_query='SET statement_timeout = 5000'" in hint
    connection.close()
    connection.settings_dict["NAME"] = "shop_web"
    assert refusals() == []
