"""What health says without any other server."""

from __future__ import annotations


def test_health_asks_no_other_server(client, django_assert_num_queries):
    # No `db` fixture: touching the database would raise.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]
