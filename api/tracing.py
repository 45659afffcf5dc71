"""Spans: what belongs to one request and how long each part took, from a save to the moment that it can be found.

They go where a tracer was set up (`config/tracing.py`, by OTEL_EXPORTER_OTLP_ENDPOINT), and cost next to nothing where
none was. A span has names, numbers and ids; never a text of a product, a search, a person or a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Protocol

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api.access_log import name_method, name_route

TASK_HEADER = "kindred_traceparent"


class Span(Protocol):
    """One part, while it is open."""

    def name_it(self, name: str, **attributes: str | float) -> None: ...


class Tracer(Protocol):
    """Who takes spans."""

    def open(self, name: str, *, parent: str = "") -> AbstractContextManager[Span]:
        """Open a span within the one that is open, or within one of another process: `parent`, as `carry` wrote it."""

    def carry(self) -> str:
        """Return the open span as another process reads it (W3C traceparent); empty where none is open."""

    def add(self, name: str, *, parent: str, since_ns: int) -> None:
        """Add a span from then (ns since 1970) until now to another trace, with a link to the one open here."""


_tracer: Tracer | None = None
_tasks: dict[str, ExitStack] = {}  # spans of the tasks that this process has in hand, by id


def use_tracer(tracer: Tracer | None) -> None:
    global _tracer
    _tracer = tracer


@contextmanager
def span(name: str, **attributes: str | float) -> Iterator[None]:
    """Have what is done within be a span."""
    if _tracer is None:
        yield
        return
    with _tracer.open(name) as opened:
        opened.name_it(name, **attributes)
        yield


def is_on() -> bool:
    return _tracer is not None


def carry_span() -> str:
    """Return the open span for who goes on with it later (`add_span`); empty where none is open."""
    return _tracer.carry() if _tracer is not None else ""


def add_span(name: str, *, parent: str, since_ns: int) -> None:
    """Say in the trace of `parent` that something took from then until now."""
    if _tracer is not None:
        _tracer.add(name, parent=parent, since_ns=since_ns)


class TracingMiddleware:
    """A span for each request, by its route."""

    def __init__(self, get_response: Any) -> None:
        if _tracer is None:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        assert _tracer is not None
        with _tracer.open("request") as opened:
            response: HttpResponseBase = self.get_response(request)
            opened.name_it(
                f"{name_method(request)} {name_route(request)}", **{"http.response.status_code": response.status_code}
            )
        return response


@before_task_publish.connect
def send_along(headers: dict[str, Any], **_: Any) -> None:
    if parent := carry_span():
        headers[TASK_HEADER] = parent


@task_prerun.connect
def begin_task(task_id: str, task: Any, **_: Any) -> None:
    """A task that a request has sent goes on in its trace."""
    if _tracer is not None:
        _tasks[task_id] = ExitStack()
        _tasks[task_id].enter_context(_tracer.open(task.name, parent=task.request.get(TASK_HEADER) or ""))


@task_postrun.connect
def end_task(task_id: str, **_: Any) -> None:
    if opened := _tasks.pop(task_id, None):
        opened.close()
