"""The one place where looking at something writes a row: after the answer, in its own statement, where it is asked for.

Reading writes nothing anywhere else, and nothing here in a shop that does not ask for it: this middleware is then not
even in the way. It costs one INSERT a view, whatever the catalogue and the log hold. An answer whose view cannot be
written down is not given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from api.models import ApiKey
from api.throttling import read_ip_address
from catalog.models import ViewRecord
from catalog.view_audit.asked import audits_views
from catalog.view_audit.finding import find_shown
from catalog.view_audit.view_record import MAX_TEXT

logger = logging.getLogger(__name__)


class ViewAuditMiddleware:
    """Stands inside of the log-in, so that it knows who asks, and outside of all that answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not audits_views():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not 200 <= response.status_code < 300 or response.status_code == 204 or request.method == "HEAD":
            return response
        try:
            record = make_record(request, response)
            if record is not None:
                with transaction.atomic():
                    record.save(force_insert=True)
                response["Cache-Control"] = "private, no-store"  # looking again is asking again
        except DatabaseError:
            logger.exception("%s: the view could not be written down, and nothing was shown", request.path)
            detail = gettext("Who looks at this has to be written down, and that failed. Try again in a moment.")
            return render(request, "503.html", {"detail": detail}, status=503)
        return response


def make_record(request: HttpRequest, response: HttpResponseBase) -> ViewRecord | None:
    """Return what is to be written down of an answer; None where it shows no product and gives away no file."""
    opened, shown = find_shown(request, response)
    is_file = response.get("Content-Disposition", "").startswith("attachment")
    if not shown and not is_file:
        return None
    user, match = request.user, request.resolver_match
    return ViewRecord(
        username=user.get_username() if user.is_authenticated else "",
        user_number=user.pk,
        api_key=name_key(response),
        address=read_ip_address(request),
        page=(match.view_name if match else "")[:100],
        path=request.path[:MAX_TEXT],
        opened=opened[:100],
        shown=[sku[:100] for sku in shown],
        opened_from=read_came_from(request)[:MAX_TEXT],
    )


def read_came_from(request: HttpRequest) -> str:
    """Return the page of ours, or the other server, that a visitor says to come from; empty for what is no address."""
    try:
        came_from = urlsplit(request.headers.get("Referer", "").replace("\0", ""))
    except ValueError:
        return ""
    return came_from.path if came_from.netloc == request.get_host() else came_from.netloc


def name_key(response: HttpResponseBase) -> str:
    """Return the name of the API key that was sent, where one was."""
    context = getattr(response, "renderer_context", None) or {}
    key = getattr(context.get("request"), "auth", None)
    return key.name[:200] if isinstance(key, ApiKey) else ""
