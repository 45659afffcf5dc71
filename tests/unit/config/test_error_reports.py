"""What Sentry is told of an error: what failed and where, and nothing of what was asked for, of whom or of products."""

from __future__ import annotations

import json
import logging

import pytest

from tests.counted import known_as

sentry_sdk = pytest.importorskip("sentry_sdk", reason="requirements-observability.txt is not installed")
from config.error_reports import clean_event, start_reports  # noqa: E402


class Kept(sentry_sdk.Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = []

    def capture_envelope(self, envelope) -> None:
        self.sent.append(envelope)


@pytest.fixture
def events():
    kept = Kept()
    start_reports("https://key@sentry.example/1", transport=kept)
    yield kept.sent
    sentry_sdk.init()  # none again


def fail(title: str) -> None:
    hidden = f"{title}, signed"
    raise ValueError(f'invalid input syntax for type json: "{hidden}"\nDETAIL:  Key (title)=({hidden}).')


def test_a_report_has_the_place_and_the_requests_id_and_no_value(events):
    with known_as("0123456789abcdef"):
        try:
            fail("A gift for Ann")
        except ValueError:
            logging.getLogger("shop").exception("Not Found: /api/v1/users/Ann Smith/")
    sentry_sdk.flush()
    [item] = [item for envelope in events for item in envelope.items if item.type == "event"]
    event = item.payload.json
    assert event["tags"] == {"request": "0123456789abcdef"}
    [error] = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", 'invalid input syntax for type json: "..."')
    assert [frame["function"] for frame in error["stacktrace"]["frames"]][-1] == "fail"
    assert event["logentry"] == {"message": "Not Found: /api/v1/users/..."}
    assert "Ann" not in json.dumps({name: value for name, value in event.items() if name != "exception"})
    assert all("vars" not in frame for frame in error["stacktrace"]["frames"])


def test_where_it_happened_is_named_by_a_route_or_a_task_and_never_by_an_address():
    named = {
        source: {"transaction": "/users/Ann", "transaction_info": {"source": source}} for source in ("url", "task")
    }
    assert [clean_event(event, {}).get("transaction") for event in named.values()] == [None, "/users/Ann"]
