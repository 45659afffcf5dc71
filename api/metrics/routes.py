"""Requests and their latency by route, as django-prometheus counts them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_prometheus.middleware import PrometheusAfterMiddleware


class RouteMetricsMiddleware(PrometheusAfterMiddleware):  # type: ignore[misc]
    """Counts any method that is none of HTTP's as one: a client may make up as many as it likes, and each is a series.

    The library does so everywhere but in the histogram of latencies.
    """

    def label_metric(
        self, metric: Any, request: HttpRequest, response: HttpResponseBase | None = None, **labels: str
    ) -> Any:
        if "method" in labels:
            labels["method"] = self._method(request)
        return super().label_metric(metric, request, response, **labels)
