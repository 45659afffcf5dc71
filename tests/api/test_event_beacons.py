"""Beacons: events as a text, with the key in the address, from pages that may call the API and for nobody's session."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User

from api.models import ApiKey
from behaviour.events.event import Event

pytestmark = pytest.mark.django_db
TEXT = "text/plain;charset=UTF-8"  # as browsers send it
SITE = "https://shop.example"


def send(
    client, *, count: int = 1, query: str = "", kind: str = "text/plain;charset=UTF-8", session: str = "s", **headers
):
    events = [{"event_id": f"{session}-{n}", "type": "click", "sku": "A", "session_id": session} for n in range(count)]
    body = json.dumps({"events": events})
    return client.post(f"/api/v1/events/{query}", body, content_type=kind, headers=headers)


@pytest.fixture
def token(settings) -> str:
    """A publishable key, on a server where reading needs one."""
    settings.KINDRED_API_PUBLIC_READ = False
    return ApiKey.objects.issue("page", scope="publishable")[1]


def test_a_beacon_is_recorded_as_any_other(client):
    assert send(client, count=2).json() == {"recorded": 2, "duplicates": 0, "rejected": []}
    assert send(client, count=2).json() == {"recorded": 0, "duplicates": 2, "rejected": []}
    assert Event.objects.count() == 2


def test_its_key_is_in_its_address(client, token):
    assert send(client).status_code == 403
    assert send(client, query="?key=wrong").status_code == 401
    assert Event.objects.count() == 0
    assert send(client, query=f"?key={token}").status_code == 200


def test_a_secret_key_is_refused_there_and_a_key_of_anything_else_is_not_read_there(client, token):
    _, secret = ApiKey.objects.issue("shop", scope="secret")
    answer = send(client, query=f"?key={secret}")
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("A secret key stands in an address that anyone can read")
    assert send(client, query=f"?key={token}", kind="application/json").status_code == 401
    assert client.get(f"/api/v1/products/?key={token}").status_code == 401
    assert Event.objects.count() == 0


def test_pages_that_may_not_call_the_api_may_not_send_events(client, settings):
    settings.CORS_ALLOWED_ORIGINS = [SITE]
    assert send(client, Origin=SITE).status_code == 200
    assert send(client, session="own", Origin="http://testserver").status_code == 200
    for origin in ("https://elsewhere.example", "null"):
        answer = send(client, session=origin, Origin=origin)
        assert answer.status_code == 403
        assert "CORS_ALLOWED_ORIGINS" in answer.json()["detail"]
    assert Event.objects.count() == 2


def test_it_counts_for_nobody_who_is_logged_in(client, settings):
    settings.KINDRED_API_PUBLIC_READ = False
    client.force_login(User.objects.create_superuser("owner"))
    assert send(client).status_code == 403
    assert send(client, kind="application/json").status_code == 200


def test_it_counts_on_the_budget_of_its_address_whatever_its_key(client, token, settings):
    settings.KINDRED_API_RATES = {**settings.KINDRED_API_RATES, "events": "3/min"}
    answers = [send(client, session=f"s{n}", query=f"?key={token}") for n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"events";q=3;w=60'


def test_a_session_that_sends_more_than_anybody_clicks_is_refused_whatever_its_key(client, token, settings):
    settings.KINDRED_API_RATES = {**settings.KINDRED_API_RATES, "events": "5/min"}
    answer = send(client, count=6, query=f"?key={token}").json()
    assert (answer["recorded"], len(answer["rejected"])) == (0, 6)


def test_it_is_no_longer_than_browsers_send(client):
    assert send(client, count=1000).status_code == 413
    assert send(client, count=1000, kind="application/json").status_code == 200


def test_other_kinds_of_text_are_refused_as_before(client):
    assert send(client, kind="application/x-www-form-urlencoded").status_code == 415
    answer = send(client, query="?token=x")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "token")
