"""Metrics: what a scrape finds, who may read it, and that nothing of one server hides what others know."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from celery import current_app
from django.db import OperationalError, connection
from django.test import Client

from api.metrics import port, state
from api.metrics.readers import may_read
from api.metrics.state import Reader, StateCollector
from behaviour.models import Version
from catalog.tasks import prune_title_words
from embeddings.models import PendingEmbedding
from recommendations.vitals.vital import Vital
from tests.counted import read_samples
from tests.factories import ProductFactory
from tests.recommendations.shelf import at_angle, make_space, put


def scrape(client: Client | None = None, **headers: str) -> dict[tuple[str, str], float]:
    """Return the samples by name and labels, as they are written."""
    answer = (client or Client()).get("/metrics", **headers)
    assert answer.status_code == 200
    return read_samples(answer.content.decode())


def test_a_scrape_says_how_the_shop_stands(db):
    products = ProductFactory.create_batch(3)
    PendingEmbedding.objects.filter(product=products[0]).update(retry_at=None)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE embeddings_pendingembedding SET retry_at = now() - interval '90 s' WHERE product_id = %s",
            [products[1].pk],
        )
    found = scrape()
    queue = [found["kindred_pending_products", f'state="{name}"'] for name in ("due", "later", "parked")]
    assert queue == [2, 0, 1]
    assert found["kindred_pending_oldest_seconds", ""] == pytest.approx(90, abs=20)
    assert found["kindred_database_up", ""] == found["kindred_broker_up", ""] == 1
    assert found["kindred_broker_messages", 'queue="embeddings"'] >= 0
    assert found["kindred_disk_free_bytes", 'folder="home"'] > 0
    readers = {labels: value for (name, labels), value in found.items() if name == "kindred_state_readable"}
    assert readers == {f'reader="{name}"': 1 for name in state.readers}


def test_what_is_live_and_how_old_it_is_is_told(db):
    space = make_space()
    promoted_at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    type(space).objects.filter(pk=space.pk).update(promoted_at=promoted_at)
    facts = {"facts_until": promoted_at - timedelta(hours=1), "last_event_id": 0}
    Version.objects.create(name="nov", status="live", promoted_at=promoted_at, **facts)
    Version.objects.create(name="dec", status="building", failure="no memory", **facts)
    Vital.objects.create(kind=Vital.Kind.RECALL, value=0.5)
    vital = Vital.objects.create(kind=Vital.Kind.RECALL, value=0.97)
    found = scrape()
    assert found["kindred_live_space_info", f'space="{space.name}"'] == 1
    assert found["kindred_live_space_promoted_timestamp_seconds", ""] == promoted_at.timestamp()
    assert found["kindred_behaviour_version_info", 'version="nov"'] == 1
    assert found["kindred_behaviour_version_facts_timestamp_seconds", ""] == promoted_at.timestamp() - 3600
    assert found["kindred_behaviour_build_failed", ""] == 1
    assert found["kindred_index_recall", ""] == 0.97
    assert found["kindred_index_recall_timestamp_seconds", ""] == pytest.approx(vital.at.timestamp())


def test_a_scrape_asks_the_database_as_often_whatever_there_is(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(13) as few:
        scrape()
    ProductFactory.create_batch(5)
    with django_assert_max_num_queries(len(few)):
        scrape()


def test_without_the_database_the_rest_is_told(db, monkeypatch):
    def refuse() -> None:
        raise OperationalError("no route to postgres://admin:1234@10.0.0.1")

    with monkeypatch.context() as patch:
        patch.setattr(state.connection, "cursor", refuse)
        found = {(reading.metric.name, reading.labels): reading.value for reading in StateCollector().read()}
    assert found["kindred_database_up", ()] == 0
    assert found["kindred_state_readable", ("queue",)] == 0
    assert found["kindred_state_readable", ("disks",)] == found["kindred_broker_up", ()] == 1


def test_a_broker_that_is_down_is_told_within_seconds(db):
    url = current_app.conf.broker_url
    current_app.conf.broker_url = "redis://127.0.0.1:1/0"
    try:
        assert scrape()["kindred_broker_up", ""] == 0
    finally:
        current_app.conf.broker_url = url


def test_a_reader_that_fails_takes_no_other_with_it(db, monkeypatch):
    def fail() -> None:
        raise RuntimeError

    monkeypatch.setitem(state.readers, "queue", Reader("queue", (), fail, "database"))
    found = scrape()
    assert found["kindred_state_readable", 'reader="queue"'] == 0
    assert found["kindred_state_readable", 'reader="live space"'] == 1


def test_lists_are_counted_by_strategy_and_methods_that_are_none_as_one(client, db):
    product = put(make_space(), "MUG-1", at_angle(10))
    labels = 'filled="no",search="exact",strategy="similar"'
    before = scrape().get(("kindred_list_seconds_count", labels), 0)
    client.get(f"/api/v1/products/{product.sku}/similar/")
    client.generic("MAKEUP", "/api/v1/products/")
    found = scrape()
    assert found["kindred_list_seconds_count", labels] == before + 1
    assert not [labels for _name, labels in found if "MAKEUP" in labels]


def test_tasks_are_counted_by_name_and_outcome(db):
    labels = f'outcome="success",task="{prune_title_words.name}"'
    before = scrape().get(("kindred_task_seconds_count", labels), 0)
    prune_title_words.apply()
    assert scrape()["kindred_task_seconds_count", labels] == before + 1


@pytest.mark.parametrize(
    ("environment", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "10.0.0.5"}, 403),
        ({"REMOTE_ADDR": ""}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "8.8.8.8"}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=8.8.8.8"}, 403),
    ],
)
def test_metrics_are_for_this_machine(client, db, environment, status):
    assert client.get("/metrics", **environment).status_code == status


def test_metrics_are_for_networks_that_were_named(client, db, settings):
    settings.KINDRED_METRICS_NETWORKS = ["10.0.0.0/8"]
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.5").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 403


@pytest.mark.parametrize(("token", "status"), [("right", 200), ("wrong", 403), ("", 403)])
def test_a_token_reads_metrics_through_a_proxy_and_nothing_else(db, settings, token, status):
    settings.KINDRED_METRICS_TOKEN = "right"
    client = Client(headers={"X-Forwarded-For": "8.8.8.8"} | ({"Authorization": f"Bearer {token}"} if token else {}))
    assert client.get("/metrics").status_code == status
    assert client.post("/api/v1/products/", {}, content_type="application/json").status_code in (401, 403)


def test_no_token_opens_where_none_is_set(settings):
    settings.KINDRED_METRICS_TOKEN = ""
    assert not may_read({"REMOTE_ADDR": "8.8.8.8"})
    assert not may_read({"REMOTE_ADDR": "8.8.8.8", "HTTP_AUTHORIZATION": "Bearer "})


@pytest.fixture
def workers_port(monkeypatch):
    """The port of a machine without a web server. The worker that had it ends; a thread of ours takes it over."""
    monkeypatch.setattr(port, "TRY_EVERY_S", 0.01)
    with socket.create_server(("", 0)) as other:
        number = other.getsockname()[1]
        threading.Thread(target=port.keep_port, args=(number,), daemon=True).start()
        threading.Event().wait(0.05)  # it has found the port taken
    return f"http://127.0.0.1:{number}"


def ask(url: str, **headers: str) -> tuple[int, str]:
    for _attempt in range(100):
        try:
            with urlopen(Request(url, headers=headers), timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, ""
        except OSError:  # it does not listen yet
            threading.Event().wait(0.05)
    raise AssertionError("it never answered")


def test_a_machine_of_workers_alone_tells_what_is_counted_there(workers_port, settings):
    status, text = ask(f"{workers_port}/metrics")
    assert status == 200
    names = {name for name, _labels in read_samples(text)}
    assert {"kindred_disk_free_bytes", "django_http_requests_before_middlewares_total"} <= names
    assert "kindred_pending_products" not in names  # that is for the web servers to tell
    assert ask(f"{workers_port}/admin/")[0] == 404
    assert ask(f"{workers_port}/metrics", **{"X-Forwarded-For": "8.8.8.8"})[0] == 403  # through a proxy
    settings.KINDRED_METRICS_NETWORKS, settings.KINDRED_METRICS_TOKEN = [], "right"
    assert ask(f"{workers_port}/metrics")[0] == 403
    assert ask(f"{workers_port}/metrics", Authorization="Bearer right")[0] == 200


def test_the_workers_port_waits_for_nobody_who_may_not_ask_and_for_few_at_once(settings):
    server = port.ThreadingServer(("127.0.0.1", 0), port.QuietHandler)
    with server:
        assert not server.verify_request(None, ("203.0.113.5", 1))
        assert [server.verify_request(None, ("127.0.0.1", 1)) for _ in range(port.AT_ONCE + 1)] == [
            *[True] * port.AT_ONCE,
            False,
        ]
        for _ in range(port.AT_ONCE):
            server.free.release()
        settings.KINDRED_METRICS_TOKEN = "a token may come from anywhere"
        assert server.verify_request(None, ("203.0.113.5", 1))
        server.free.release()
