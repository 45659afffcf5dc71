"""Is this process alive, and has it what it needs?

An app adds what it needs with `@readiness_check("name")`; the check returns nothing and raises when it is missing.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable

import django_prometheus.exports
from celery import current_app
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from api.models import ApiKey

logger = logging.getLogger(__name__)

Check = Callable[[], None]
readiness_checks: dict[str, Check] = {}
BROKER_TIMEOUT_S = 2


class NotReady(Exception):
    """What is missing and what to do about it, in a sentence that anyone may read."""


def readiness_check(name: str) -> Callable[[Check], Check]:
    """Register a check under the name that /readyz shows."""

    def register(check: Check) -> Check:
        readiness_checks[name] = check
        return check

    return register


@readiness_check("database")
def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@readiness_check("broker")
def check_broker() -> None:
    with current_app.connection_for_write(connect_timeout=BROKER_TIMEOUT_S) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_TIMEOUT_S)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process can: touches no other server."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every check passes, else 503 naming what is missing."""
    checks = {name: run_check(name, check) for name, check in readiness_checks.items()}
    missing = [name for name, said in checks.items() if said != "ok"]
    body = {"status": "unavailable" if missing else "ok", "checks": checks, "missing": missing}
    response = JsonResponse(body, status=503 if missing else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # run_check has; probes come every few seconds
    return response


def run_check(name: str, check: Check) -> str:
    """Return "ok" or what is wrong. Error texts of drivers name hosts and users: they go to the log only."""
    try:
        check()
    except NotReady as reason:
        return str(reason)
    except Exception:
        # A check fails in as many ways as its server has; each of them means the same to whoever asks.
        logger.warning("Readiness check %r failed.", name, exc_info=True)
        return "not reachable; see the log"
    return "ok"


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for KINDRED_METRICS_NETWORKS and for secret keys."""
    if not may_read_metrics(request):
        return HttpResponse(
            "Metrics are for the networks in KINDRED_METRICS_NETWORKS, and for secret API keys.\n",
            status=403,
            content_type="text/plain",
        )
    exported: HttpResponse = django_prometheus.exports.ExportToDjangoView(request)
    return exported


def may_read_metrics(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        key = ApiKey.objects.find_by_token(token.strip())
        return key is not None and key.may_write
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False  # a proxy on this machine makes everybody look local
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a socket file: there is no address to judge
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.KINDRED_METRICS_NETWORKS)
