"""Every parameter of every route, found by walking the schema, with values from the edges of what can be sent."""

from __future__ import annotations

import base64
import json
import os
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.callers import errors, problem, skus

EXAMPLES = int(os.environ.get("KINDRED_SCHEMA_EXAMPLES", "10"))
EDGES = [
    "", " ", "0", "-0", "-1", "1e-999999999", "1e999999999", "1E+400", "NaN", "-Infinity", "9" * 400,
    "0." + "0" * 400 + "1",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "٣", "½", "0x10", "1_000", "+1", "1,5",
    "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-02-30",
    "10000-01-01",
    "2026-01-01T24:00:00Z", "2026-W01-1", "20260101", "true", "TRUE", "None", "null", "[]", "{}", "[1]", '{"a": 1}',
    "\0", "a\0b", "\ufeff", "\ud7ff", "\uffff", "\U0010ffff", "é" * 500, "'", '"', "\\", "%", "%00", "%ff", "a:b", ":",
    "a:", "\\:",
    "A > B", "/", "//", "..", "A/" * 200, ",", ",,,", "x" * 5000, "$1", "{0}", "%s", "--", ";", "a\r\nb: c",
]  # fmt: skip
VALUES = (
    st.sampled_from(EDGES)
    | st.text(max_size=40)
    | st.floats().map(str)
    | st.integers().map(str)
    | st.datetimes().map(str)
)
SCHEMA: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
PARAMETERS = [
    (path, parameter["in"], parameter["name"])
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
    for parameter in operation.get("parameters", ())
    if method == "get" and parameter["in"] in ("query", "path")
]
REQUIRED = {"/api/v1/search/": {"q": "mug"}, "/api/v1/search/suggest/": {"q": "mug"}}
generous = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES < 50,
    suppress_health_check=list(HealthCheck),
)


def check_answer(answer: Any) -> None:
    assert answer.status_code in (200, 301, 400, 404, 503), answer.content
    if answer.status_code >= 400:
        assert problem(answer)["code"] in ("invalid", "not_found", "unavailable", "bad_request")


@pytest.mark.parametrize(("path", "place", "name"), PARAMETERS, ids=[f"{path} {name}" for path, _, name in PARAMETERS])
def test_a_value_is_read_or_refused_and_nothing_breaks(shop, make_product, path, place, name):
    make_product("A", price="12.00", attributes={"colour": "sage"})

    @generous
    @given(value=VALUES, key=st.sampled_from(["colour", "", "a.b", "\0", "x" * 2000]))
    def send(value: str, key: str) -> None:
        value = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        filled = path.replace("{sku}", quote(value, safe="") if name == "sku" and place == "path" else "A")
        for other in ("other", "image_id", "download_id"):
            given_here = name == other and place == "path"
            filled = filled.replace(f"{{{other}}}", quote(value, safe="") if given_here else "1")
        query = dict(REQUIRED.get(path, {}))
        if place == "query":
            query[f"attr.{key}" if name == "attr.NAME" else name] = value
        check_answer(shop.get(filled, query))

    send()


@pytest.mark.parametrize("ordering", ["sku", "title", "-price", "created_at"])
def test_a_cursor_that_we_have_not_made_is_refused(anyone, make_product, ordering):
    for sku in "AB":
        make_product(sku, price="12.00")
    first = anyone.call("GET", f"products/?ordering={ordering}&page_size=1").json()
    good = first["next"]
    assert skus(anyone.call("GET", f"products/?ordering={ordering}&page_size=1&cursor={good}")) != [
        first["results"][0]["sku"]
    ]

    @generous
    @given(
        value=VALUES | st.none(),
        number=st.integers(),
        cut=st.integers(0, len(good) - 1),
        letter=st.sampled_from("Aa0-_:."),
    )
    def forge(value: str | None, number: int, cut: int, letter: str) -> None:
        position = json.dumps([ordering, value, number])
        plain = base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")
        changed = f"{good[:cut]}{letter}{good[cut + 1 :]}"
        for cursor in (plain, f"{plain}:{good.split(':')[1]}", good[:cut], *([changed] if changed != good else [])):
            answer = anyone.get("/api/v1/products/", {"ordering": ordering, "cursor": cursor})
            if cursor:
                assert errors(answer) == {"cursor": "invalid"} or errors(answer) == {"cursor": "blank"}

    forge()


def test_a_cursor_is_of_one_order_and_of_one_kind_of_list(anyone, make_product):
    for sku in "ABC":
        make_product(sku)
    cursor = anyone.call("GET", "products/?page_size=1").json()["next"]
    assert errors(anyone.call("GET", f"products/?ordering=title&cursor={cursor}")) == {"cursor": "invalid"}
    similar = anyone.call("GET", "products/A/similar/?strategy=recent&limit=1").json()["next"]
    assert errors(anyone.call("GET", f"products/?cursor={similar}")) == {"cursor": "invalid"}
    assert errors(anyone.call("GET", f"products/A/similar/?strategy=recent&cursor={cursor}")) == {"cursor": "invalid"}


@pytest.mark.parametrize(
    "wrong",
    [[], ["a"], "text", 7, True, None, {"zh": "text"}, {"zh": {"title": 7}}, {"zh": None}, {"colour": {"deep": [1]}}],
)
def test_json_that_is_no_object_of_texts_is_read_around(shop, anyone, make_product, wrong):
    """Such rows cannot be written, but raw SQL and earlier versions have left them."""
    product = make_product("A", price="12.00", category="Decor")
    make_product("B", category="Decor")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_product SET attributes = %s, translations = %s WHERE id = %s",
            [json.dumps(wrong), json.dumps(wrong), product.pk],
        )
    chinese = {"Accept_Language": "zh"}
    shown = shop.call("GET", "products/A/", **chinese).json()
    assert (shown["title"], shown["attributes"]) == ("Title of A", wrong if isinstance(wrong, dict) else {})
    assert shown["translations"] == {}
    assert skus(shop.call("GET", "products/", **chinese)) == ["A", "B"]
    results = anyone.call("GET", "products/B/similar/?strategy=recent", **chinese).json()["results"]
    assert [result["title"] for result in results] == ["Title of A"]
    assert anyone.call("GET", "products/?attr.colour=sage").status_code == 200
    assert shop.call("PATCH", "products/A/", {"stock": 3}).status_code == 200
    assert shop.call("PATCH", "products/A/", {"attributes": {"colour": "sage"}, "translations": {}}).json()[
        "attributes"
    ] == {"colour": "sage"}
