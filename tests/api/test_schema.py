"""The OpenAPI schema: valid, without a warning, and kept to by every answer, whatever is sent."""

from __future__ import annotations

import os
import re
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
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from api.models import ApiKey
from config.wsgi import application
from recommendations.rest.serializers import RESULT_FIELDS
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


def test_a_validator_of_another_house_finds_no_error():
    assert [error.message for error in OpenAPIV31SpecValidator(schema.raw_schema).iter_errors()] == []


OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in schema.raw_schema["paths"].items()
    for method, operation in methods.items()
]
COMPONENTS = schema.raw_schema["components"]["schemas"]
# What Swift and Kotlin, and what their apps import most, call something else.
TAKEN = {
    "Any", "Array", "Boolean", "Bool", "Button", "Category", "Char", "Character", "Class", "Codable", "Collection",
    "Color", "Data", "Date", "Decimal", "Decoder", "Dictionary", "Double", "Encoder", "Entry", "Enum", "Equatable",
    "Error", "Exception", "Float", "Form", "Function", "Hashable", "Identifiable", "Image", "Int", "Label", "List",
    "Locale", "Long", "Map", "Menu", "Never", "Nothing", "Notification", "Number", "Object", "Optional", "Pair",
    "Protocol", "Range", "Regex", "Result", "Scene", "Section", "Self", "Sequence", "Set", "Short", "String",
    "Table", "Task", "Text", "Throwable", "Timer", "Triple", "Type", "Unit", "Unmanaged", "URL", "UUID", "View",
    "Void",
}  # fmt: skip
KEYWORDS = {
    "Protocol", "Self", "Type", "as", "associatedtype", "break", "case", "catch", "class", "continue", "default",
    "defer", "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for", "fun",
    "func", "guard", "hash", "hashValue", "if", "import", "in", "init", "inout", "interface", "internal", "is",
    "let", "nil", "null", "object", "operator", "package", "private", "protocol", "public", "repeat", "rethrows",
    "return", "self", "static", "struct", "subscript", "super", "switch", "this", "throw", "throws", "true", "try",
    "typealias", "typeof", "val", "var", "when", "where", "while",
}  # fmt: skip


@pytest.mark.parametrize(("label", "operation"), OPERATIONS, ids=[label for label, _ in OPERATIONS])
def test_every_operation_has_one_declared_tag_a_summary_a_description_and_a_name(label, operation):
    [tag] = operation["tags"]
    assert tag in {declared["name"] for declared in schema.raw_schema["tags"] if declared["description"]}
    assert 5 < len(operation["summary"]) < 80
    assert operation["description"].startswith(operation["summary"])
    assert re.fullmatch("[a-z]+([A-Z][a-z]+)*", operation["operationId"])
    assert [other for other, one in OPERATIONS if one["operationId"] == operation["operationId"]] == [label]


def test_the_schema_says_where_the_server_is():
    assert [server["url"] for server in schema.raw_schema["servers"]] == ["/"]


def test_no_name_is_one_that_swift_or_kotlin_has_taken():
    assert {name.lower() for name in COMPONENTS} & {name.lower() for name in TAKEN} == set()
    properties = {name for component in COMPONENTS.values() for name in component.get("properties", ())}
    parameters = {parameter["name"] for _, operation in OPERATIONS for parameter in operation.get("parameters", ())}
    assert (properties | parameters) & KEYWORDS == set()
    odd = [name for name in properties | parameters if not re.fullmatch("[A-Za-z][A-Za-z0-9_-]*", name)]
    assert odd == ["attr.NAME"]  # beside `attr`, which says the same


def test_an_answer_promises_every_field_but_those_that_depend_on_the_question():
    optional = {
        f"{name}.{field}"
        for name, component in COMPONENTS.items()
        for field in component.get("properties", ())
        if not name.endswith("Request") and field not in component.get("required", ())
    }
    assert optional == {"Problem.errors", "ProductPage.count", "ProductPage.facets"}
    assert len(COMPONENTS["Recommendation"]["required"]) == len(RESULT_FIELDS)


def test_nothing_may_be_null_twice():
    def walk(node: object) -> Iterator[list[object]]:
        if isinstance(node, dict):
            kinds = node.get("type")
            yield list(kinds) if isinstance(kinds, list) else []
            yield [None for choice in (*node.get("oneOf", ()), *node.get("anyOf", ())) if choice == {"type": "null"}]
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from walk(child)

    assert [found for found in walk([COMPONENTS, schema.raw_schema["paths"]]) if len(found) != len(set(found))] == []


def test_no_field_of_a_body_has_a_default_which_some_generators_take_for_a_duty():
    with_default = [
        f"{name}.{field}"
        for name, component in COMPONENTS.items()
        for field, said in component.get("properties", {}).items()
        if "default" in said
    ]
    assert with_default == []
    assert COMPONENTS["PlacementRequest"]["properties"]["limit"]["description"] == "Default: 10"


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
        headers = {"X-Api-Key": token, "Accept-Encoding": "identity"}  # the client does not decompress
        case.call_and_validate(headers=headers, checks=CONFORMS)

    send()


@pytest.mark.parametrize("strategy", ["popular", "recent"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "inner_product", "pearson"])
def test_lists_without_a_query_vector_answer_whatever_the_metric(anyone, make_product, strategy, metric):
    make_product("A")
    answer = anyone.call(
        "POST", "recommendations/", {"placements": [{"id": "x", "strategy": strategy, "metric": metric}]}
    )
    assert answer.json()["placements"][0]["problem"] is None
