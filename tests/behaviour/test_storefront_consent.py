"""Without consent the storefront keeps what is needed, and records nothing."""

from __future__ import annotations

import json
import re

import pytest
from django.utils import timezone

from behaviour.events.event import Event
from behaviour.events.pseudonyms import make_key
from behaviour.experiments.unit import ExperimentUnit
from tests.behaviour.event_rows import add_events
from tests.behaviour.experiment_rows import make_experiment
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
LINE = "data-consent-line"
NEEDED = {"csrftoken", "kindred_cart_N", "messages", "django_language"}


@pytest.fixture(autouse=True)
def mug():
    return ProductFactory(sku="MUG", title="Halla Mug")


def shop_around(client, **headers) -> None:
    client.get("/", headers=headers)
    client.get("/products/MUG/", headers=headers)
    client.post("/cart/add/", {"sku": "MUG"}, headers=headers)
    client.post("/cart/change/", {"sku": "MUG", "quantity": "2"}, headers=headers)
    client.post("/cart/check-out/", {}, headers=headers)


def read_session(client, **headers) -> str:
    return re.search(r'data-session="([^"]*)"', client.get("/", headers=headers).content.decode())[1]


def test_before_a_choice_nothing_is_recorded_and_only_needed_cookies_are_there(client):
    shop_around(client)
    assert not Event.objects.exists()
    assert {re.sub("[0-9]+$", "N", name) for name in client.cookies} <= NEEDED
    assert read_session(client) == ""
    assert LINE in client.get("/").content.decode()


def test_who_declines_is_not_asked_again_and_not_recorded(client):
    answer = client.post("/consent/", {"answer": "no", "next": "/products/MUG/"})
    assert answer.headers["Location"] == "/products/MUG/"
    shop_around(client)
    assert client.cookies["kindred_consent"].value == "none"
    assert not Event.objects.exists()
    assert LINE not in client.get("/").content.decode()


def test_who_agrees_has_one_name_for_all_visits_until_they_take_it_back(client):
    client.post("/consent/", {"answer": "yes"})
    session = read_session(client)
    assert re.fullmatch("[A-Za-z0-9_-]{22}", session)
    client.post("/consent/", {"answer": "yes"})
    assert read_session(client) == session
    shop_around(client)
    assert [one.type for one in Event.objects.order_by("id")] == ["add_to_cart", "add_to_cart", "purchase"]
    client.post("/consent/", {"answer": "no"})
    assert read_session(client) == ""
    shop_around(client)
    assert not Event.objects.exists()


def test_global_privacy_control_is_a_no_without_being_asked(client):
    client.post("/consent/", {"answer": "yes"})
    signal = {"Sec-GPC": "1"}
    assert LINE not in client.get("/", headers=signal).content.decode()
    assert read_session(client, **signal) == ""
    shop_around(client, **signal)
    assert not Event.objects.exists()
    assert "Global Privacy Control" in client.get("/consent/", headers=signal).content.decode()


def test_a_yes_under_global_privacy_control_is_a_no(client):
    client.post("/consent/", {"answer": "yes"}, headers={"Sec-GPC": "1"})
    assert read_session(client) == ""


@pytest.mark.parametrize("said", ["personalisation", "personalisation:x", "yes", f"personalisation:{'a' * 23}"])
def test_a_made_up_answer_is_none(client, said):
    client.cookies["kindred_consent"] = said
    assert read_session(client) == ""
    assert LINE in client.get("/").content.decode()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_choice_leads_back_within_the_shop_alone(client, back):
    assert client.post("/consent/", {"answer": "no", "next": back}).headers["Location"] == "/consent/"


def test_the_page_of_the_choice_says_how_it_stands(client):
    assert "You have not chosen yet." in client.get("/consent/").content.decode()
    client.post("/consent/", {"answer": "yes"})
    assert "You agreed that this shop remembers" in client.get("/consent/").content.decode()


def send_view(client, session: str, **headers):
    event = {"event_id": f"view-of-{session}", "type": "view", "sku": "MUG", "session_id": session}
    body = json.dumps({"events": [event | {"consent": "personalisation"}]})
    return client.post("/visits/", body, content_type="text/plain", headers=headers)


def test_pages_send_events_where_the_api_is_closed_to_those_without_a_key(client, settings):
    settings.KINDRED_API_PUBLIC_READ = False
    client.post("/consent/", {"answer": "yes"})
    html = client.get("/").content.decode()
    assert 'data-events="/visits/"' in html
    answer = send_view(client, read_session(client))
    assert answer.json() == {"recorded": 1, "duplicates": 0, "rejected": []}
    assert Event.objects.get().session_key == make_key("session", read_session(client))


def test_without_consent_by_another_site_or_with_privacy_control_no_page_sends_events(client):
    assert send_view(client, "anyone").status_code == 403
    client.post("/consent/", {"answer": "yes"})
    session = read_session(client)
    assert send_view(client, session, Origin="https://elsewhere.example").status_code == 403
    assert send_view(client, session, **{"Sec-GPC": "1"}).status_code == 403
    client.post("/consent/", {"answer": "no"})
    assert send_view(client, session).status_code == 403
    assert not Event.objects.exists()


def test_who_takes_consent_back_is_forgotten_and_nobody_else_is(client):
    add_events([{"type": "view", "sku": "MUG", "session_key": make_key("session", "another")}])
    client.post("/consent/", {"answer": "yes"})
    key = make_key("session", read_session(client))
    shop_around(client)
    ExperimentUnit.objects.create(experiment=make_experiment(), unit_key=key, arm="other", first_at=timezone.now())
    assert Event.objects.filter(session_key=key).count() == 3
    client.post("/consent/", {"answer": "yes"})
    assert Event.objects.filter(session_key=key).count() == 3
    client.post("/consent/", {"answer": "no"})
    assert [event.session_key for event in Event.objects.all()] == [make_key("session", "another")]
    assert not ExperimentUnit.objects.exists()
