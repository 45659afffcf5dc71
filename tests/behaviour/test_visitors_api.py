"""Lists for a visitor over REST: who may ask for whose, and that nobody else gets them."""

from __future__ import annotations

import hashlib
import hmac
import time

import pytest

from api.models import ApiKey
from behaviour.events.event import Consent
from behaviour.events.pseudonyms import make_key
from recommendations.tokens import read_token
from tests.behaviour.event_rows import add_events
from tests.behaviour.learned_rows import make_version, teach_neighbours
from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db
PATH = "/api/v1/recommendations/"
CONSENT = {"consent": Consent.PERSONALISATION}


@pytest.fixture(autouse=True)
def shop():
    space = make_space()
    for number, name in enumerate(["CUP", "MUG", "POT", "TEA"]):
        put(space, name, at_angle(10 * number))
    teach_neighbours(make_version(), "personal", {"CUP": [("TEA", 1.0)], "MUG": [("POT", 1.0)]})
    add_events([{"type": "purchase", "sku": "CUP", "user_key": make_key("user", "anna"), **CONSENT}])
    add_events([{"type": "view", "sku": "MUG", "session_key": make_key("session", "visit"), **CONSENT}])


def ask(client, *, headers=None, **placement):
    sent = {"placements": [{"id": "for-you", "strategy": "personal", "fallback": False, **placement}]}
    response = client.post(PATH, sent, content_type="application/json", headers=headers or {})
    assert response.status_code == 200, response.content
    return response


def shown(response) -> list[str]:
    (answer,) = response.json()["placements"]
    assert answer["problem"] is None, answer["problem"]
    return [result["sku"] for result in answer["list"]["results"]]


def refused(response) -> dict[str, str]:
    (answer,) = response.json()["placements"]
    return {error["field"]: error["detail"] for error in answer["problem"]["errors"]}


def key(scope: str) -> dict[str, str]:
    return {"X-Api-Key": ApiKey.objects.issue("app", scope=scope)[1]}


def sign(user_id: str, *, expires: int, secret: str = "shared") -> str:
    return f"{expires}.{hmac.new(secret.encode(), f'{expires}.{user_id}'.encode(), hashlib.sha256).hexdigest()}"


def test_anyone_asks_for_their_session_and_for_what_they_bring(client):
    assert shown(ask(client, session_id="visit")) == ["POT"]
    assert shown(ask(client, recent=["CUP"])) == ["TEA"]
    assert shown(ask(client, session_id="visit", recent=["CUP"])) == ["TEA", "POT"]


def test_a_user_is_named_by_servers_alone(client):
    assert shown(ask(client, user_id="anna", headers=key("secret"))) == ["TEA"]
    for headers in ({}, key("publishable")):
        assert refused(ask(client, user_id="anna", headers=headers)) == {
            "user_id": "Naming a user needs a secret key, or a user_token that your server has signed."
        }


def test_an_app_names_the_user_that_a_server_has_signed_for(client, settings):
    soon = int(time.time()) + 60
    assert "user_id" in refused(ask(client, user_id="anna", user_token=sign("anna", expires=soon)))
    settings.KINDRED_USER_TOKEN_KEY = "shared"
    assert shown(ask(client, user_id="anna", user_token=sign("anna", expires=soon))) == ["TEA"]
    for token in (
        sign("berta", expires=soon), sign("anna", expires=soon, secret="guessed"), sign("anna", expires=1), "x", "möwe",
        sign("anna", expires=soon).replace(str(soon), str(soon + 1)),
    ):  # fmt: skip
        assert list(refused(ask(client, user_id="anna", user_token=token))) == ["user_token"]


def test_no_cache_keeps_what_is_asked_by_post(client):
    response = ask(client, session_id="visit")
    assert response["Cache-Control"] == "private, no-store"
    assert "ETag" not in response


def test_each_answer_has_a_name_of_its_own_that_names_nobody(client):
    first, second = (ask(client, session_id="visit").json()["placements"][0]["list"] for _ in range(2))
    assert first["recommendation_id"] != second["recommendation_id"]
    token = read_token(first["recommendation_id"])
    assert (token.strategy, token.placement, token.space) == ("personal", "", "test")


def test_global_privacy_control_leaves_what_the_request_brings(client):
    gpc = {"Sec-GPC": "1"}
    assert shown(ask(client, session_id="visit", headers=gpc)) == []
    assert shown(ask(client, session_id="visit", recent=["CUP"], headers=gpc)) == ["TEA"]
    assert shown(ask(client, user_id="anna", headers=gpc | key("secret"))) == []


@pytest.mark.parametrize("strategy", ["personal", "next", "again"])
def test_addresses_have_no_visitors(client, strategy):
    """They end in logs. What needs a visitor says how to ask."""
    answer = client.get("/api/v1/products/CUP/similar/", {"strategy": strategy})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["field"], "POST recommendations/" in error["detail"]) == ("strategy", True)
    for name in ("user_id", "session_id", "recent"):
        answer = client.get("/api/v1/products/CUP/similar/", {name: "x"})
        assert [error["code"] for error in answer.json()["errors"]] == ["unknown_parameter"]


@pytest.mark.parametrize("strategy", ["bundle", "also_viewed", "trending", "popular", "complements"])
def test_what_needs_an_anchor_at_most_has_an_address_that_caches_keep(client, strategy):
    answer = client.get("/api/v1/products/CUP/similar/", {"strategy": strategy})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=30")
    again = client.get(
        "/api/v1/products/CUP/similar/", {"strategy": strategy}, headers={"If-None-Match": answer["ETag"]}
    )
    assert again.status_code == 304


def test_a_strategy_without_a_visitor_says_what_it_needs(client):
    assert list(refused(ask(client))) == ["strategy"]


def test_what_is_brought_is_bounded(client):
    assert refused(ask(client, recent=[f"S{number}" for number in range(51)])) == {"recent": "At most 50."}
    assert "session_id" in refused(ask(client, session_id="x" * 101))
