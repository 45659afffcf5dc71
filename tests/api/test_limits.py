"""What one request may cost, and what is said when it would cost more, or when the database is away."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client

from config.web import limit_statements
from recommendations.rest import views
from tests.api.callers import ApiClient, errors, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def hasty(settings, transactional_db):
    """A connection as web processes have it, that gives a statement a fifth of a second."""
    settings.KINDRED_STATEMENT_TIMEOUT_S = 0.2
    limit_statements(connection)
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', '0', false)")


def sleep_in_postgres(*_args, **_kwargs):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")


def test_a_statement_that_takes_too_long_is_a_503_and_the_next_request_is_answered(hasty, monkeypatch):
    with monkeypatch.context() as slow:
        slow.setattr("catalog.rest.products.read_page", sleep_in_postgres)
        answer = ApiClient().call("GET", "products/")
    assert (answer.status_code, problem(answer)["code"], answer["Retry-After"]) == (503, "too_expensive", "5")
    assert ApiClient().call("GET", "products/").status_code == 200


def test_a_page_says_so_too(hasty, monkeypatch):
    monkeypatch.setattr("catalog.pages.Listing.categories", sleep_in_postgres)
    page = Client().get("/")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "This costs more than one request may." in page.content.decode()


def test_a_database_that_is_away_is_a_503_everywhere(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr("catalog.rest.products.read_page", refuse)
    monkeypatch.setattr("catalog.pages.Listing.categories", refuse)
    answer = ApiClient().call("GET", "products/")
    assert (answer.status_code, problem(answer)["code"], answer["Retry-After"]) == (503, "unavailable", "5")
    assert "connection refused" not in answer.content.decode()
    assert Client().get("/").status_code == 503


def test_the_values_of_all_filters_are_counted_together():
    query = "&".join(f"attr.a{name}={value}" for name in range(4) for value in range(76))
    assert errors(ApiClient().call("GET", f"products/?{query}")) == {"filters": "invalid"}
    query = "&".join(f"attr.a{name}={value}" for name in range(3) for value in range(100))
    assert ApiClient().call("GET", f"products/?{query}").status_code == 200


def test_a_batch_has_a_limit_of_names_and_values():
    """400 attributes of 100 values once held a worker for minutes."""
    filters = {f"attr.a{name}": [str(value) for value in range(100)] for name in range(400)}
    answer = ApiClient().call("POST", "recommendations/", {"placements": [{"id": "p", "filters": filters}]})
    assert errors(answer) == {"placements": "too_many_terms"}
    deep = [[[[1] * 501]], {"a": [{"b": 2}] * 400}]
    answer = ApiClient().call("POST", "recommendations/", {"placements": [deep] * 2})
    assert errors(answer) == {"placements": "too_many_terms"}


def test_placements_that_would_begin_too_late_say_what_the_others_cost(monkeypatch):
    moments = iter([0.0, 1.0, views.BATCH_BUDGET_S + 1])
    monkeypatch.setattr(views, "monotonic", lambda: next(moments))
    placements = [{"id": "first", "strategy": "recent"}, {"id": "second", "strategy": "recent"}]
    first, second = ApiClient().call("POST", "recommendations/", {"placements": placements}).json()["placements"]
    assert (first["list"]["status"], first["problem"]) == ("ok", None)
    assert (second["list"], second["problem"]["code"]) == (None, "too_expensive")


def test_one_limit_holds_for_uploads_at_every_door(settings):
    settings.KINDRED_MAX_UPLOAD_BYTES = 1000
    photo = {"image": SimpleUploadedFile("photo.jpg", b"x" * 2000)}
    refused = Client().post("/search/", photo, headers={"accept-language": "zh-cn"})
    assert refused.status_code == 413
    assert refused.content.decode().startswith("请求超过 ")  # Django has not chosen the language yet
    photo["image"].seek(0)
    answer = Client().post("/api/v1/search/image/", photo)
    assert (answer.status_code, problem(answer)["code"]) == (413, "payload_too_large")


def test_pages_that_search_have_a_budget_and_the_front_page_has_none(settings):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"pages": "2/min"}
    assert [Client().get("/search/?q=").status_code for _ in range(3)] == [200, 200, 429]
    assert 1 <= int(Client().get("/search/?q=")["Retry-After"]) <= 60
    assert Client().get("/").status_code == 200


def test_events_that_anyone_can_make_up_have_a_budget_by_address_and_by_session(settings, make_product, shop):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"events": "4/min"}
    make_product("A")

    def send(client, session: str, *numbers: int) -> list[str]:
        events = [{"event_id": f"{session}{n}", "type": "view", "sku": "A", "session_id": session} for n in numbers]
        answer = client.call("POST", "events/", {"events": events})
        return [error["code"] for one in answer.json()["rejected"] for error in one["errors"]] or [
            answer.json()["recorded"]
        ]

    assert send(ApiClient(), "s", 1, 2, 3) == [3]
    assert send(ApiClient(), "s", 4, 5) == ["throttled", "throttled"]
    assert send(ApiClient(), "t", 1) == [1]
    assert send(shop, "s", *range(10, 30)) == [20]
    assert send(ApiClient(), "u", 1) == [1]
    assert ApiClient().call("POST", "events/", {"events": [{}]}).status_code == 429
