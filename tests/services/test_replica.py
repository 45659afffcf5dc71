"""Visitors read from a real standby of the test run's Postgres, as long as it is fit; nothing else does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from time import monotonic
from unittest import mock

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, OperationalError, connection, connections
from django.db.utils import ConnectionHandler
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from api.models import ApiKey
from api.postgres.rows import PREPARED_FROM, fetch_rows
from api.replica import patience, reading, watching
from api.replica.reading import from_replica
from api.replica.routing import REPLICA, read_from_replica
from api.replica.watching import watch
from api.unavailable import explain_error
from catalog.models import Product
from catalog.page_parts import make_or_leave_out
from config.replica import replica_settings
from config.services.paths import home_directory
from config.web import limit_statements
from recommendations import worker
from recommendations.rest.views import answer_by_itself
from tests.factories import ProductFactory
from tests.services.pgbouncer import POOL_SIZE, PgBouncer, is_installed
from tests.services.standby import PORT, Standby

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", REPLICA])
ROUTER = "api.replica.routing.ReplicaRouter"


@pytest.fixture(scope="module", autouse=True)
def standby(django_db_setup, tmp_path_factory) -> Iterator[Standby]:
    """The standby as DATABASE_REPLICA_URL."""
    standby = Standby(tmp_path_factory.mktemp("standby"))
    use(standby.url(connection.settings_dict["NAME"]))
    yield standby
    del connections[REPLICA], connections.settings[REPLICA]
    standby.kill()


@pytest.fixture
def replica(standby, settings, transactional_db, monkeypatch) -> Iterator[Standby]:
    """The standby, looked at for the first time, and at each request from then on."""
    settings.DATABASE_ROUTERS = [ROUTER]
    monkeypatch.setattr(watching, "LOOK_EVERY_S", 0)
    vars(watch).update(problem=watching.NEVER, progress=watching.Progress(), look_at=0)
    standby.catch_up()
    yield standby
    connections[REPLICA].close()


def use(url: str) -> None:
    entry = replica_settings(home_directory(), url=url)
    both = ConnectionHandler().configure_settings({"default": connections.settings["default"]} | entry)
    connections.settings[REPLICA] = both[REPLICA]


@pytest.fixture
def behind(replica) -> Iterator[Product]:
    """A product that is called by another name since, of which the replica has not heard."""
    product = ProductFactory(sku="MUG", title="Former mug")
    replica.catch_up()
    assert watch.is_fit()
    replica.ask("SELECT pg_wal_replay_pause()")
    replica.wait_for(lambda: replica.ask("SELECT pg_get_wal_replay_pause_state()") == [("paused",)])
    Product.objects.filter(pk=product.pk).update(title="Present mug")
    yield product
    replica.ask("SELECT pg_wal_replay_resume()")


def read_title(client: Client, **headers: str) -> str:
    return client.get("/api/v1/products/MUG/", headers=headers).json()["title"]


def note(client: Client) -> str:
    return client.get("/readyz").json().get("notes", {}).get("replica", "")


def test_visitors_read_from_the_replica_and_whoever_may_write_from_the_primary(behind, client, admin_client):
    assert read_title(client) == "Former mug"
    for address in ("/", "/products/MUG/", "/api/v1/products/", "/compare/?sku=MUG", "/search/?q=mug"):
        shown = client.get(address).content.decode()
        assert ("Former" in shown, "Present" in shown) == (True, False), address
    for scope, title in (("publishable", "Former mug"), ("secret", "Present mug")):
        assert read_title(client, authorization=f"Bearer {ApiKey.objects.issue(scope, scope=scope)[1]}") == title
    assert read_title(admin_client) == "Present mug"
    assert "Present mug" in admin_client.get("/products/MUG/").content.decode()


PAGES = ("/", "/products/MUG/", "/similar/?sku=MUG", "/lists/trending/", "/search/?q=mug", "/search/suggestions/?q=mu")
ROUTES = ("products/", "products/MUG/", "products/MUG/similar/", "search/?q=mug&mode=full_text", "search/suggest/?q=mu")


@pytest.mark.parametrize("address", [*PAGES, *(f"/api/v1/{route}" for route in ROUTES)])
def test_a_visitor_asks_nothing_of_the_primary(replica, client, address, monkeypatch):
    ProductFactory(sku="MUG", title="mug")
    replica.catch_up()
    assert watch.is_fit()
    monkeypatch.setattr(watch, "look_at", math.inf)  # looking asks the primary where it is
    with ExitStack() as stack:
        on_primary = stack.enter_context(CaptureQueriesContext(connection))
        on_replica = stack.enter_context(CaptureQueriesContext(connections[REPLICA]))
        assert client.get(address).status_code == 200
    assert [query["sql"] for query in on_primary] == []
    assert len(on_replica) > 0


def test_one_that_falls_behind_is_left_alone_until_it_has_caught_up(behind, replica, client, settings):
    settings.KINDRED_REPLICA_LAG_S = 1000
    assert (read_title(client), note(client)) == ("Former mug", "")
    settings.KINDRED_REPLICA_LAG_S = 0.001
    assert read_title(client) == "Present mug"
    assert note(client) == "the read replica is left alone, the primary answers instead: it is 0 s behind"
    assert "replica" not in client.get("/readyz").json()["missing"]
    replica.ask("SELECT pg_wal_replay_resume()")
    settings.KINDRED_REPLICA_LAG_S = 1000
    replica.catch_up()
    watch.is_fit()
    assert (read_title(client), note(client)) == ("Present mug", "")


def test_a_view_is_asked_once_more_when_the_replica_dies_in_the_midst_and_nobody_waits_for_it(
    replica, client, monkeypatch
):
    ProductFactory(sku="MUG", title="mug")
    replica.catch_up()
    asked: list[str] = []

    @from_replica
    def view(request):
        asked.append(Product.objects.get().title)
        if len(asked) == 1:
            replica.kill()
        return HttpResponse(make_or_leave_out(lambda: Product.objects.get().title, what="a part"))

    try:
        request = RequestFactory().get("/")
        request.user = client.get("/").wsgi_request.user
        assert view(request).content == b"mug"
        assert asked == ["mug", "mug"]
        assert "broke off an answer" in note(client)
        assert read_title(client) == "mug"
        assert connections[REPLICA].connection is None  # not tried again so soon
        monkeypatch.setattr(watch, "look_at", 0)
        assert read_title(client) == "mug"
        assert "it does not answer" in note(client)
    finally:
        replica.start()
    monkeypatch.setattr(watch, "look_at", 0)
    assert (watch.is_fit(), note(client)) == (True, "")


def test_one_that_hangs_is_waited_for_no_longer_than_a_statement_may_take(replica, client, settings, monkeypatch):
    ProductFactory(sku="MUG", title="mug")
    replica.catch_up()
    assert (read_title(client), note(client)) == ("mug", "")
    settings.KINDRED_STATEMENT_TIMEOUT_S = 0.1
    monkeypatch.setattr(patience, "SPARE_S", 0.1)
    with replica.hanging():
        monkeypatch.setattr(watch, "look_at", math.inf)
        started = monotonic()
        assert read_title(client) == "mug"
        assert monotonic() - started < 1.5
        assert "broke off" in note(client)
        connections[REPLICA].close()
    monkeypatch.setattr(watch, "look_at", 0)
    assert watch.is_fit()
    monkeypatch.setattr(watching, "ANSWER_WITHIN_S", 0.1)
    with replica.hanging():
        assert not watch.is_fit()  # a look waits less
    monkeypatch.setattr(watch, "look_at", 0)
    assert watch.is_fit()


def test_no_write_reaches_it_and_who_writes_reads_on_from_the_primary(replica):
    with connections[REPLICA].cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        assert cursor.fetchone() == ("on",)
        with pytest.raises(DatabaseError, match="read-only"):
            cursor.execute("UPDATE catalog_product SET title = 'x'")
    with read_from_replica():
        assert not Product.objects.exists()
        ProductFactory(sku="MUG")
        assert Product.objects.get().sku == "MUG"  # where it was written, however soon
        assert Product.objects.get()._state.db == "default"


def test_what_a_worker_answers_is_read_where_it_says_so(behind):
    worker.store_answer("k", b"vectors")
    with read_from_replica():
        assert worker.find_answer("k") == b"vectors"


def test_limits_and_prepared_statements_hold_on_it(replica, settings):
    settings.KINDRED_STATEMENT_TIMEOUT_S = 0.1
    limit_statements(connections[REPLICA])
    with read_from_replica():
        for _ in range(PREPARED_FROM + 1):
            fetch_rows("SELECT pg_is_in_recovery() AS follows", {}, one_plan=True)
        assert fetch_rows("SELECT count(*) AS n FROM pg_prepared_statements", {}) == [{"n": 1}]
    times: list[int] = []

    @from_replica
    def view(request):
        times.append(1)
        return fetch_rows("SELECT pg_sleep(5)", {})

    request = RequestFactory().get("/")
    request.user = Client().get("/").wsgi_request.user
    with pytest.raises(DatabaseError) as refused:
        view(request)
    assert explain_error(refused.value).default_code == "too_expensive"
    assert len(times) == 1  # it would cost the primary as much


def test_a_part_of_a_page_has_its_own_limit_there_and_is_no_reason_to_ask_again(replica, settings):
    settings.KINDRED_TAG_TIMEOUT_S = 0.05
    with read_from_replica():
        assert make_or_leave_out(lambda: fetch_rows("SELECT pg_sleep(5)", {}), what="a slow part") is None
        assert fetch_rows("SHOW statement_timeout", {}) == [{"statement_timeout": "0"}]


def test_a_placement_that_the_replica_fails_is_asked_again_with_all_the_others(replica):
    def fail() -> dict:
        raise OperationalError("terminating connection")

    with read_from_replica(), pytest.raises(OperationalError):
        answer_by_itself(fail, mock.Mock(), name="", give_up_at=math.inf)


def test_a_server_that_takes_writes_is_no_replica(replica, client, monkeypatch):
    connections[REPLICA].close()
    monkeypatch.setitem(connections[REPLICA].settings_dict, "PORT", "5432")
    assert not watch.is_fit()
    assert "takes writes itself" in note(client)


@pytest.mark.skipif(not is_installed(), reason="pgbouncer is not installed")
def test_a_pooler_may_stand_before_it(replica, client, tmp_path, monkeypatch):
    ProductFactory(sku="MUG", title="mug")
    replica.catch_up()
    name = connections[REPLICA].settings_dict["NAME"]
    pooler = PgBouncer(tmp_path / "pgbouncer", host=f"{replica.sockets} port={PORT}", user="kindred", name=name)
    through = {"HOST": "127.0.0.1", "PORT": str(pooler.port), "NAME": "shop_web"}
    for key, value in through.items():
        monkeypatch.setitem(connections[REPLICA].settings_dict, key, value)
    connections[REPLICA].close()
    try:
        pooler.wait_until_it_answers()
        assert watch.is_fit()
        monkeypatch.setattr(watch, "look_at", math.inf)
        with CaptureQueriesContext(connection) as on_primary:
            for _ in range(POOL_SIZE + 1):
                assert client.get("/products/MUG/").status_code == 200
        assert len(on_primary) == 0
        with connections[REPLICA].cursor() as cursor, pytest.raises(DatabaseError, match="read-only"):
            cursor.execute("UPDATE catalog_product SET title = 'x'")
        hints = [said.hint for said in run_checks(databases=[REPLICA], include_deployment_checks=True)]
        assert not any("pgbouncer" in str(hint) for hint in hints)  # the limit is said there: `shop_web`
    finally:
        pooler.stop()
    monkeypatch.setattr(watch, "look_at", 0)
    assert client.get("/products/MUG/").status_code == 200
    assert "it does not answer" in note(client)


def test_without_the_setting_nothing_is_looked_at(client, monkeypatch):
    monkeypatch.setattr(watch, "look", lambda: pytest.fail("looked"))
    monkeypatch.delitem(connections.settings, REPLICA)
    assert client.get("/").status_code == 200
    assert "replica" not in client.get("/readyz").json()["checks"]
    assert reading.reads_replica() is False
