"""What health says without any other server."""

from __future__ import annotations


def test_health_asks_no_other_server(client, django_assert_num_queries):
    # No `db` fixture: touching the database would raise.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_probes_may_call_by_any_name_and_without_tls(client, settings):
    """A load balancer calls by address; other pages are refused and sent to TLS."""
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["shop.example"], True
    assert client.get("/healthz", HTTP_HOST="10.0.0.7").status_code == 200
    assert client.head("/healthz", HTTP_HOST="10.0.0.7").content == b""
    assert client.get("/widgets/kindred.js", HTTP_HOST="10.0.0.7").status_code == 400
    assert client.get("/widgets/kindred.js", HTTP_HOST="shop.example").status_code == 301
