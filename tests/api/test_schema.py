"""The OpenAPI schema: valid, without a warning, and kept to by every answer, whatever is sent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from api.models import ApiKey
from config.wsgi import application
from tests.api.callers import picture_bytes

# Requests for each operation, valid and not. Before a release: KINDRED_SCHEMA_EXAMPLES=300, some minutes.
EXAMPLES = int(os.environ.get("KINDRED_SCHEMA_EXAMPLES", "8"))


def fails_only_as_promised(ctx: Any, response: Any, case: Any) -> None:
    """No 5xx, but for a 503 that says when to come back: no worker and no live space are part of this test."""
    if response.status_code != 503:
        schemathesis.checks.not_a_server_error(ctx, response, case)
    else:
        assert response.json()["code"] == "unavailable"
        assert int(response.headers["retry-after"][0]) > 0


CONFORMS = [
    fails_only_as_promised,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SKUS = ["VAS-1", "A/B", "花瓶"]

schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
operations = [result.ok() for result in schema.get_all_operations()]


def test_the_schema_is_valid_and_made_without_a_warning():
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().startswith("openapi: 3.1.0")


def test_every_operation_has_an_example_a_tag_and_a_description():
    lacking = []
    for path, methods in schema.raw_schema["paths"].items():
        for method, operation in methods.items():
            if not (operation.get("tags") and operation.get("description")):
                lacking.append((method, path))
    assert lacking == []


def test_the_docs_page_needs_nothing_from_elsewhere(client):
    page = client.get("/api/v1/docs/")
    html = page.content.decode()
    sources = [part.split('"')[1] for part in html.replace("href=", "src=").split("src=")[1:]]
    assert sources
    assert all(source.startswith("/") for source in sources), sources
    assert "script-src 'self';" in page["Content-Security-Policy"]
    assert client.get("/api/v1/docs/?script=")["Content-Type"].startswith("application/javascript")


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the test's transaction open from request to request, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(make_product, one_connection) -> str:
    for sku in SKUS:
        product = make_product(sku, category="Decor/Vases", price="24.00")
        product.images.create(file=ContentFile(picture_bytes(), name="x.png"))
    return ApiKey.objects.issue("fuzz", scope="secret")[1]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "not valid"])
@pytest.mark.parametrize("operation", operations, ids=lambda operation: operation.label)
def test_every_answer_conforms_to_the_schema(operation, mode, token):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 50,  # the same requests in each ordinary run
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), sku=st.sampled_from([*SKUS, None]))
    def send(case: Any, sku: str | None) -> None:
        if sku is not None and "sku" in (case.path_parameters or {}):
            case.path_parameters["sku"] = sku  # a made-up one is hardly ever there
        case.call_and_validate(headers={"X-Api-Key": token}, checks=CONFORMS)

    send()


@pytest.mark.parametrize("strategy", ["popular", "recent"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "inner_product", "pearson"])
def test_lists_without_a_query_vector_answer_whatever_the_metric(anyone, make_product, strategy, metric):
    make_product("A")
    answer = anyone.call(
        "POST", "recommendations/", {"placements": [{"id": "x", "strategy": strategy, "metric": metric}]}
    )
    assert answer.json()["placements"][0]["problem"] is None
