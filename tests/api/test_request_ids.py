"""One id through the answer, the log, the tasks and the statements of a request; and the access log."""

from __future__ import annotations

import logging
import re
import threading

import pytest
from celery import current_app
from celery.worker.request import Request as WorkersRequest
from django.db import connection, connections
from django.test import Client

from api import request_ids
from api.postgres.base import DatabaseWrapper
from config.log_lines import LineFormatter
from tests.counted import known_as

ID = "0123456789abcdef"
QUEUE = "tests-of-request-ids"


def test_an_answer_has_an_id_of_its_own_and_a_strangers_is_not_believed(client):
    found = [client.get("/healthz", headers={"X-Request-ID": ID})["X-Request-ID"] for _ in range(2)]
    assert all(re.fullmatch(r"[0-9a-f]{32}", request_id) for request_id in found)
    assert found[0] != found[1]
    assert request_ids.current_id() == ""


def test_what_django_logs_of_a_request_has_its_id(client, db, caplog):
    caplog.handler.setFormatter(LineFormatter("{message}", style="{"))
    with caplog.at_level(logging.WARNING, "django.request"):
        answer = client.get("/of/Ann/")
    assert caplog.text == f"Not Found: /of/Ann/ [{answer['X-Request-ID']}]\n"
    assert request_ids.current_id() == ""


@pytest.mark.parametrize(
    ("brought", "is_taken"), [(ID, True), ("short", False), ("a" * 65, False), (f"{ID}\x1b[2J", False)]
)
def test_a_proxys_id_is_taken_where_there_is_a_proxy(client, settings, brought, is_taken):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    assert (client.get("/healthz", headers={"X-Request-ID": brought})["X-Request-ID"] == brought) is is_taken


@pytest.fixture
def heard():
    """The ids that a task was done under: that of who sent it, and then one of its own."""
    found = []

    @current_app.task(name="tests.hear", shared=False)  # else every app that another test makes had it
    def hear() -> None:
        found.append(request_ids.current_id())

    yield hear, found
    current_app.tasks.unregister("tests.hear")


def test_a_task_goes_on_under_the_id_of_the_request_that_sent_it(heard):
    hear, found = heard
    with known_as(ID):
        hear.apply_async(queue=QUEUE)
    with current_app.connection_for_read() as broker:
        message = broker.SimpleQueue(QUEUE).get(timeout=5)
        message.ack()
        WorkersRequest(message, app=current_app, task=hear, hostname="test").execute()
    hear.apply(task_id="5f0c6f4e-0000-4000-8000-000000000000")
    assert found == [ID, "5f0c6f4e000040008000000000000000"]
    assert request_ids.current_id() == ""


def test_what_a_message_says_is_an_id_or_is_not_taken_up(heard):
    hear, found = heard
    for said in ("*/ DROP TABLE catalog_product; --", "a" * 65, "line\nend-of-it"):
        hear.apply(task_id=said)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in found)


@pytest.fixture
def named_connection(db, settings):
    """A connection of a process that tells Postgres which request it works for."""
    settings.KINDRED_DATABASE_REQUEST_IDS = True
    found = DatabaseWrapper(connections["default"].settings_dict, alias="default")
    yield found
    found.close()


def ask(named: DatabaseWrapper, statement: str) -> str:
    with named.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_postgres_knows_a_statement_by_the_requests_id(named_connection):
    with known_as(ID):
        assert ask(named_connection, "SHOW application_name").endswith(f" {ID}")
        assert ask(named_connection, "SELECT current_query()") == "SELECT current_query()"
    name = ask(named_connection, "SHOW application_name")
    assert (name.split()[0], ID in name) == ("kindred", False)


def test_behind_a_pooler_the_statement_itself_has_the_id_and_the_connection_keeps_its_name(
    named_connection, monkeypatch
):
    ask(named_connection, "SELECT 1::text")
    monkeypatch.setattr(named_connection, "may_prepare", False)
    with known_as(ID):
        assert ask(named_connection, "SELECT current_query()") == f"/* {ID} */ SELECT current_query()"
        assert ID not in ask(named_connection, "SHOW application_name")


def test_unless_it_is_asked_for_a_statement_is_left_as_it_is(db):
    with known_as(ID), connection.cursor() as cursor:
        cursor.execute("SELECT current_query(), current_setting('application_name')")
        statement, name = cursor.fetchone()
    assert (statement[:6], name.split()[0], ID in name) == ("SELECT", "kindred", False)


def test_the_access_log_has_routes_and_no_address_that_somebody_wrote(settings, db, caplog):
    settings.KINDRED_ACCESS_LOG = True
    with caplog.at_level(logging.INFO, "kindred.access"):
        Client().get("/api/v1/search/?q=a+gift+for+Ann&mode=full_text")
        Client().generic("ANN", "/of/Ann/")
        Client().get("/healthz")
        Client().get("/static/of/Ann.css")
    [search, other, *served] = [record for record in caplog.records if record.name == "kindred.access"]
    assert re.fullmatch(r"GET /api/v1/search/ 200 in [\d.]+ ms", search.getMessage())
    assert search.fields["bytes"] > 0
    assert re.fullmatch(r"other none 404 in [\d.]+ ms", other.getMessage())
    assert [record.fields["route"] for record in served] == ["/healthz", "/static/"]


def test_threads_do_not_share_an_id():
    seen = []
    with known_as(ID):
        thread = threading.Thread(target=lambda: seen.append(request_ids.current_id()))
        thread.start()
        thread.join()
    assert seen == [""]
