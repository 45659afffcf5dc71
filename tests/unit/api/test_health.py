"""What health and metrics say without any other server."""

from __future__ import annotations

import pytest


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


@pytest.mark.parametrize(
    ("environment", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "10.0.0.5"}, 403),
        ({"REMOTE_ADDR": ""}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "8.8.8.8"}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=8.8.8.8"}, 403),
    ],
)
def test_metrics_are_for_this_machine(client, environment, status):
    assert client.get("/metrics", **environment).status_code == status


def test_metrics_are_for_networks_that_were_named(client, settings):
    settings.KINDRED_METRICS_NETWORKS = ["10.0.0.0/8"]
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.5").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 403


def test_metrics_count_requests(client):
    client.get("/widgets/kindred.js")
    assert "django_http_requests_total_by_view_transport_method_total" in client.get("/metrics").content.decode()
