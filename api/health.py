"""Is this process alive, and has it what it needs?

An app adds what it needs with `@readiness_check("name")`; the check raises when it is missing, and may return what is
worth knowing all the same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import redis
from celery import current_app
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.exceptions import Throttled

from api import heartbeats, limits
from api.access import find_key
from api.metrics.exposition import CONTENT_TYPE_LATEST, expose
from api.metrics.readers import REFUSAL, is_near, is_token, read_bearer
from api.replica import routing
from api.replica.watching import watch

logger = logging.getLogger(__name__)

Check = Callable[[], str | None]
readiness_checks: dict[str, Check] = {}
BROKER_TIMEOUT_S = 2
PROBE_KEY = "kindred:probe"  # without an expiry, as messages are: a full broker lets go of what has one


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
    """Write to the broker, for one that answers may take no messages all the same. Raises NotReady saying why."""
    with current_app.connection_for_write(connect_timeout=BROKER_TIMEOUT_S) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_TIMEOUT_S)
        if broker.transport.driver_type != "redis":
            return
        try:
            broker.default_channel.client.set(PROBE_KEY, str(time.time()))
        except redis.TimeoutError as error:
            raise NotReady("it does not answer a write: paused, or overloaded") from error
        except redis.ResponseError as error:
            logger.warning("The broker refuses a write: %s", error)
            raise NotReady(explain_refusal(error)) from error


def explain_refusal(error: redis.ResponseError) -> str:
    """Return why Redis or Valkey takes no message, by the first word of its answer."""
    if isinstance(error, redis.OutOfMemoryError):
        return "its memory is full: raise its maxmemory, and see what fills it"
    if isinstance(error, redis.ReadOnlyError):
        return "it is a read-only replica: CELERY_BROKER_URL has to name the primary"
    if str(error).startswith("MISCONF"):
        return "it cannot write its files: is its disk full?"
    return "it refuses a write; see the log"


def check_replica() -> str:
    """Return why this process leaves the read replica alone, empty where it reads from it. Either way it is ready."""
    return "" if watch.is_fit() else f"the read replica is left alone, the primary answers instead: {watch.problem}"


def check_process(name: str) -> None:
    """Raises NotReady where no process of that name (a queue, or beat) has been heard of late."""
    silence_s = heartbeats.read_silence_s(name)
    if silence_s is not None and silence_s <= heartbeats.SILENT_AFTER_S:
        return
    heard = "nothing was heard of it" if silence_s is None else f"it was heard {silence_s:.0f} s ago"
    command = "celery -A config beat" if name == "beat" else f"celery -A config worker --queues {name} --pool threads"
    raise NotReady(f"{heard}: see whether it runs (`{command}`)")


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process can: touches no other server."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every check passes, else 503 naming what is missing."""
    found = {name: run_check(name, check) for name, check in all_checks().items()}
    missing = [name for name, outcome in found.items() if outcome.problem]
    body: dict[str, object] = {
        "status": "unavailable" if missing else "ok",
        "checks": {name: outcome.problem or "ok" for name, outcome in found.items()},
        "missing": missing,
    }
    if notes := {name: outcome.note for name, outcome in found.items() if outcome.note}:
        body["notes"] = notes
    response = JsonResponse(body, status=503 if missing else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # run_check has; probes come every few seconds
    return response


PROBES = {"healthz": healthz, "readyz": readyz}  # by path; `ProbeMiddleware` answers them


def all_checks() -> dict[str, Check]:
    """Return the checks of the apps, and one for each process that is to be heard."""
    names = settings.KINDRED_PROCESSES if heartbeats.is_shared() else []
    replica: dict[str, Check] = {"replica": check_replica} if routing.is_configured() else {}
    return readiness_checks | replica | {f"process {name}": partial(check_process, name) for name in names}


class Outcome(NamedTuple):
    """What a check found: a problem, or something worth knowing; both empty where all is well."""

    problem: str = ""
    note: str = ""


def run_check(name: str, check: Check) -> Outcome:
    """Run a check. Error texts of drivers name hosts and users: they go to the log only."""
    try:
        return Outcome(note=check() or "")
    except NotReady as reason:
        return Outcome(problem=str(reason))
    except Exception:
        # A check fails in as many ways as its server has; each of them means the same to whoever asks.
        logger.warning("Readiness check %r failed.", name, exc_info=True)
        return Outcome(problem="not reachable; see the log")


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for KINDRED_METRICS_NETWORKS and for secret keys."""
    try:
        may_read = may_read_metrics(request)
    except Throttled as refused:
        return limits.refuse(429, "Too many wrong keys.", retry_after_s=int(getattr(refused, "wait", 0)))
    if not may_read:
        return HttpResponse(f"{REFUSAL} So may secret API keys.\n", status=403, content_type="text/plain")
    return HttpResponse(expose(), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics(request: HttpRequest) -> bool:
    """A token or a key speaks for itself; an address does where no proxy stands before it."""
    if token := read_bearer(request.headers.get("Authorization", "")):
        if is_token(token):
            return True
        key = find_key(token, request=request)
        return key is not None and key.may_write
    return is_near(request.META)
