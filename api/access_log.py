"""A line for each request, where KINDRED_ACCESS_LOG asks for it: what was answered and how fast, and nothing of whom.

By route, not by address: an address may have a search, a name or a key in it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from api.health import PROBES

logger = logging.getLogger("kindred.access")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def name_method(request: HttpRequest) -> str:
    """Return its method, or `other`: a stranger may make up any words."""
    return request.method if request.method in METHODS else "other"


def name_route(request: HttpRequest) -> str:
    """Return the route of a request that was answered. Probes and static files are answered before routes are asked."""
    if request.resolver_match:
        return f"/{request.resolver_match.route}"
    if request.path_info.removeprefix("/") in PROBES:
        return request.path_info
    return settings.STATIC_URL if request.path_info.startswith(settings.STATIC_URL) else "none"


class AccessLogMiddleware:
    """Stands outside all but the request's id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.KINDRED_ACCESS_LOG:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self.get_response(request)
        fields = {
            "method": name_method(request),
            "route": name_route(request),
            "status": response.status_code,
            "ms": round(1000 * (time.perf_counter() - begun), 1),
            "bytes": len(response.content) if isinstance(response, HttpResponse) else None,
        }
        logger.info("%(method)s %(route)s %(status)d in %(ms)s ms", fields, extra={"fields": fields})
        return response
