"""Requests as the web server hands them over, with what clients of Django's own would not send or would hide."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import DataError, close_old_connections
from django.test import Client

from api.parameters import MAX_UNKNOWN
from api.views import SchemaView
from behaviour.events import budgets, rest
from behaviour.events.event import Event
from behaviour.events.pseudonyms import make_hex, make_key
from config.wsgi import application
from recommendations.rest import views
from tests.api.callers import ApiClient, errors, problem
from tests.factories import ProductFactory, ProductImageFactory

pytestmark = pytest.mark.django_db
WITH_NUL = '"\\000aaaaaaaaaaaaaaaa"'  # as cookies write it


@pytest.fixture(autouse=True)
def keep_connection():
    """The test's transaction outlives its requests."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def answer_raw(method: str, path: str, **environ: Any) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and every byte that the application gives to the web server."""
    path, _, query = path.partition("?")
    said: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> Callable[[bytes], object]:
        said.update(status=int(status[:3]), headers=dict(headers))
        return lambda _: None

    base = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1"}
    base |= {"SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO()}
    chunks = application({**base, "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1", **environ}, start)
    content = b"".join(chunks)
    chunks.close()
    return said["status"], said["headers"], content


def address_of_picture() -> str:
    return settings.MEDIA_URL + ProductImageFactory().file.name


@pytest.mark.parametrize("find_path", [lambda: "/", lambda: "/api/v1/products/", lambda: "/nope/", address_of_picture])
def test_head_says_what_get_says_before_the_body_and_no_more(find_path):
    path = find_path()
    status, headers, content = answer_raw("GET", path)
    headless_status, headless, nothing = answer_raw("HEAD", path)
    assert len(content) == int(headers["Content-Length"]) > 0
    assert nothing == b""
    assert (headless_status, headless["Content-Length"]) == (status, headers["Content-Length"])


@pytest.mark.parametrize("charset", ["rot13", "hex", "undefined", "punycode", "utf-7", "unicode_escape", "nonsense"])
@pytest.mark.parametrize("path", ["/?brand=%2B2AA-%5Cud800&page=%C3%A9", "/api/v1/products/?brand=%2B2AA-%5Cud800"])
def test_addresses_are_utf_8_whatever_a_content_type_says(path, charset):
    status, _, content = answer_raw("GET", path, CONTENT_TYPE=f"text/plain; charset={charset}")
    assert status == 200
    assert b"+2AA-" in content or b'"results": []' in content or b'"results":[]' in content


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_a_form_in_another_charset_is_not_misread(kind):
    status, _, content = answer_raw("POST", "/search/", CONTENT_TYPE=f"{kind}; charset=latin-1")
    assert (status, content) == (415, b"Forms are read as UTF-8. Send yours in it, and say charset=utf-8 or nothing.\n")


@pytest.mark.parametrize("header", ["CONTENT_TYPE", "HTTP_ACCEPT"])
@pytest.mark.parametrize("path", ["/", "/api/v1/products/"])
@pytest.mark.parametrize("parameter", ["a*=nonsense''b", f"a*{'9' * 5000}=b"])
def test_a_media_type_that_cannot_be_read_is_refused(path, header, parameter):
    assert answer_raw("GET", path, **{header: f"application/json; {parameter}"})[0] == 400
    assert answer_raw("GET", path, **{header: "application/json; a*=utf-8''b"})[0] == 200


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/api/v1/products/", "/api/v1/docs/"])
def test_a_session_that_we_cannot_have_made_is_none(path):
    assert answer_raw("GET", path, HTTP_COOKIE=f"sessionid={WITH_NUL}")[0] == 200


def test_a_value_that_no_column_can_hold_is_a_bad_request(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise DataError("integer out of range")

    monkeypatch.setattr("catalog.rest.products.read_page", refuse)
    answer = ApiClient().call("GET", "products/")
    assert (answer.status_code, problem(answer)["detail"]) == (400, "The request is malformed.")


def test_the_documentation_answers_to_no_options():
    assert ApiClient().call("OPTIONS", "docs/").status_code == 405


def test_the_schema_is_kept_in_the_languages_that_we_speak_alone(monkeypatch):
    monkeypatch.setattr(SchemaView, "made", {})
    for language in ("aa", "../../x", "x" * 5000, "zh-hans", "zh-hans-cn"):
        assert answer_raw("GET", f"/api/v1/schema/?lang={language}")[0] == 200
    assert {language for _, language in SchemaView.made} == {"en", "zh-hans"}


def test_a_look_of_thousands_of_digits_is_the_first_one():
    for sku in "AB":
        ProductFactory(sku=sku)
    assert Client().get("/products/A/why/B/", {"look": "9" * 5000}).status_code == 200


def test_of_thousands_of_unknown_names_the_first_few_are_told_and_cut_short():
    body = {"events": [], **{f"{'x' * 5000}{number}": number for number in range(30)}, "y": 1}
    answer = ApiClient().call("POST", "events/", body)
    assert errors(answer) == {"events": "min_length"} | {"x" * 100: "unknown_field"}
    body = {"events": [], **{f"x{number}": number for number in range(3000)}}
    told = ApiClient().call("POST", "events/", body).json()["errors"]
    assert [error["field"] for error in told] == [*(f"x{number}" for number in range(MAX_UNKNOWN)), "events"]


def test_too_many_objects_are_refused_before_any_is_looked_at(monkeypatch):
    looked: list[Any] = []
    monkeypatch.setattr("rest_framework.serializers.DictField.run_validation", lambda _, data: looked.append(data))
    answer = ApiClient().call("POST", "events/", {"events": [{}] * 1001})
    assert (errors(answer), looked) == ({"events": "max_length"}, [])


@pytest.mark.parametrize(
    ("path", "limit"), [("events/", rest.MAX_BODY_BYTES), ("recommendations/", views.MAX_BODY_BYTES)]
)
def test_what_anyone_may_send_is_bounded_closely(path, limit):
    assert ApiClient().call("POST", path, {"x": "x" * limit}).status_code == 413


def test_a_name_of_a_session_that_is_too_long_is_not_kept_to_count_it(monkeypatch):
    counted: list[str] = []
    monkeypatch.setattr(budgets, "count_in_window", lambda name, **_: (counted.append(name), (1, 60))[1])
    sent = {"event_id": "e", "type": "click", "sku": "A"}
    sent_sessions = [{**sent, "session_id": "s" * 101}, {**sent, "event_id": "f", "session_id": "s" * 100}]
    answer = ApiClient().call("POST", "events/", {"events": sent_sessions}).json()
    assert [name.partition(":")[0] for name in counted] == ["events-from", "events-of"]
    name = counted[1].partition(":")[2]
    assert re.fullmatch("[0-9a-f]{32}", name)  # a hash: what counts keeps no name
    assert name != make_hex("session", "s" * 100)  # nor one that leads to events: nothing was agreed to
    assert (answer["recorded"], len(answer["rejected"])) == (1, 1)
    assert Event.objects.get().event_key == make_key("event", "f")
