"""Spans by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT names a collector (requirements-observability.txt).

The other variables of OpenTelemetry hold as its documentation says: OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_HEADERS,
OTEL_TRACES_SAMPLER and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from api import tracing
from api.request_ids import current_id

FIELD = "traceparent"


class OpenTelemetryTracer:
    """Takes spans to wherever a processor sends them."""

    def __init__(self, processor: SpanProcessor) -> None:
        # Of ours alone: what else may be in the process says nothing through it.
        self.provider = TracerProvider(resource=Resource.create({"service.name": "kindred"}))
        self.provider.add_span_processor(processor)
        self.tracer = self.provider.get_tracer("kindred")
        self.propagator = TraceContextTextMapPropagator()

    @contextmanager
    def open(self, name: str, *, parent: str = "") -> Iterator[Any]:
        context = self.propagator.extract({FIELD: parent}) if parent else None
        with self.tracer.start_as_current_span(name, context, record_exception=False) as opened:
            opened.set_attribute("kindred.request", current_id())
            yield OpenSpan(opened)

    def carry(self) -> str:
        carrier: dict[str, str] = {}
        self.propagator.inject(carrier)
        return carrier.get(FIELD, "")

    def add(self, name: str, *, parent: str, since_ns: int) -> None:
        context = self.propagator.extract({FIELD: parent})
        links = [trace.Link(trace.get_current_span().get_span_context())]
        self.tracer.start_span(name, context, start_time=since_ns, links=links).end()


class OpenSpan:
    def __init__(self, opened: trace.Span) -> None:
        self.opened = opened

    def name_it(self, name: str, **attributes: str | float) -> None:
        self.opened.update_name(name)
        self.opened.set_attributes(attributes)


def start_tracing() -> None:
    """Send spans in the background from now on; one whose collector is away costs nobody else anything."""
    tracing.use_tracer(OpenTelemetryTracer(BatchSpanProcessor(OTLPSpanExporter())))
