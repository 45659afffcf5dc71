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

logger = logging.getLogger("kindred.access")


class AccessLogMiddleware:
    """Stands outside all but the request's id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.KINDRED_ACCESS_LOG:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self.get_response(request)
        found = request.resolver_match
        fields = {
            "method": request.method,
            "route": f"/{found.route}" if found else "none",
            "status": response.status_code,
            "ms": round(1000 * (time.perf_counter() - begun), 1),
            "bytes": len(response.content) if isinstance(response, HttpResponse) else None,
        }
        logger.info("%(method)s %(route)s %(status)d in %(ms)s ms", fields, extra={"fields": fields})
        return response
