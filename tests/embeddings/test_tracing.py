"""Spans from a save to the moment that it can be found: one trace, with nothing of products in it."""

from __future__ import annotations

import json

import pytest
from celery import current_app
from celery.worker.request import Request as WorkersRequest
from django.test import Client

from api import tracing
from api.models import ApiKey
from embeddings import services
from embeddings.freshness import bell
from tests.embeddings.shop import make_product

pytest.importorskip("opentelemetry.sdk", reason="requirements-observability.txt is not installed")
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from config.tracing import OpenTelemetryTracer

STAGES = ["lease", "placeholders", "read", "note", "encode", "fuse", "store", "settle", "lease"]


@pytest.fixture
def spans():
    kept = InMemorySpanExporter()
    tracing.use_tracer(OpenTelemetryTracer(SimpleSpanProcessor(kept)))
    yield kept
    tracing.use_tracer(None)


def work_off(queue: str) -> None:
    """Do the next task of a queue, as a worker does."""
    with current_app.connection_for_read() as broker:
        message = broker.SimpleQueue(queue).get(timeout=5)
        message.ack()
        task = current_app.tasks[message.headers["task"]]
        WorkersRequest(message, app=current_app, task=task, hostname="test").execute()


@pytest.mark.django_db(transaction=True)
def test_a_save_is_one_trace_up_to_the_vector(spans, encoders):
    _key, token = ApiKey.objects.issue("shop", scope="secret")
    bell.stop_ringing()
    with current_app.connection_for_write() as broker:
        broker.default_channel.queue_purge("embeddings")  # bells of other tests, which have expired by now
    client = Client(headers={"Authorization": f"Bearer {token}"})
    answer = client.post(
        "/api/v1/products/", {"sku": "SECRET-MUG", "title": "A mug for Ann"}, content_type="application/json"
    )
    assert answer.status_code == 201
    work_off("embeddings")
    found = spans.get_finished_spans()
    assert len({one.context.trace_id for one in found}) == 1
    names = {one.context.span_id: one.name for one in found}
    parents = {one.name: names.get(one.parent.span_id) if one.parent else None for one in found}
    request, task = "POST /api/v1/products/", "embeddings.tasks.embed_pending"
    assert (parents[request], parents[task], parents["searchable"]) == (None, request, request)
    assert [one.name for one in found if names.get(one.parent and one.parent.span_id) == task] == STAGES
    told = {one.attributes["kindred.request"] for one in found if one.name != "searchable"}
    assert told == {answer["X-Request-ID"]}
    said = json.dumps([[one.name, dict(one.attributes)] for one in found])
    assert not [word for word in ("Ann", "mug", "MUG", token) if word in said]


@pytest.mark.django_db(transaction=True)
def test_a_save_whose_bell_was_not_rung_knows_when_it_could_be_found_and_by_which_batch(spans, encoders, rings):
    with tracing.span("save"):
        make_product("A", title="Mug")
    services.refresh_pending()  # by somebody else
    [save] = [one for one in spans.get_finished_spans() if one.name == "save"]
    [found] = [one for one in spans.get_finished_spans() if one.name == "searchable"]
    assert found.parent.span_id == save.context.span_id
    assert save.start_time <= found.start_time < found.end_time
    services.refresh_pending()
    assert len([one for one in spans.get_finished_spans() if one.name == "searchable"]) == 1


def test_without_a_tracer_nothing_is_opened(client, monkeypatch):
    with tracing.span("read", products=3):
        assert tracing._tasks == {}
    assert client.get("/healthz").status_code == 200
