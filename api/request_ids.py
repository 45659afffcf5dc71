"""One id for all that a request sets off: its answer, what it logs, the tasks that it sends, and its statements.

A proxy in front may bring one (`X-Request-ID`), where NUM_PROXIES says that there is a proxy; else it is made.
A task that no request has sent, such as those of the schedule, has its own.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "X-Request-ID"
TASK_HEADER = "kindred_request_id"
WELL_FORMED = re.compile(r"[0-9A-Za-z_-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_id() -> str:
    """Return the id of what this thread works for, empty where it is nothing in particular."""
    return _current.get()


class RequestIdMiddleware:
    """Stands outside all: whatever is said of a request has its id, until its answer has been sent.

    What was not found, or refused, Django logs outside of all middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = choose_id(request)
        _current.set(request_id)
        response = self.get_response(request)
        response[HEADER] = request_id
        return response


def choose_id(request: HttpRequest) -> str:
    """Return what a proxy calls the request, or a new id: a stranger's may be another one's, or pages long."""
    brought = request.headers.get(HEADER, "") if settings.REST_FRAMEWORK["NUM_PROXIES"] else ""
    return brought if WELL_FORMED.fullmatch(brought) else uuid.uuid4().hex


@before_task_publish.connect
def send_along(headers: dict[str, Any], **_: Any) -> None:
    if request_id := current_id():
        headers[TASK_HEADER] = request_id


@task_prerun.connect
def take_up(task_id: str, task: Any, **_: Any) -> None:
    """Go by what a message says as far as that is an id: it comes to stand in statements and logs."""
    said = (task.request.get(TASK_HEADER), task_id.replace("-", ""))
    _current.set(next((one for one in said if isinstance(one, str) and WELL_FORMED.fullmatch(one)), uuid.uuid4().hex))


@receiver(request_finished)
@task_postrun.connect
def lay_down(**_: Any) -> None:
    _current.set("")
