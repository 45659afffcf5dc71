"""What cannot be answered now: a request that costs more than one may, or a database that is away. 503, never 500."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from psycopg.errors import QueryCanceled

from api.problems import Unavailable, is_api_path

logger = logging.getLogger(__name__)

TOO_EXPENSIVE = gettext_lazy(
    "This costs more than one request may. Ask for less: fewer filters and placements, or a smaller limit."
)
AWAY = gettext_lazy("The database does not answer. Try again in a moment.")
WAIT_S = 5


class TooExpensive(Unavailable):
    """A request that would hold a worker for too long."""

    default_detail = TOO_EXPENSIVE  # translated when it is said
    default_code = "too_expensive"


def explain_database_error(error: Exception) -> Unavailable | None:
    """Return the answer that an error of the database means; None where the error is our own."""
    if isinstance(error.__cause__, QueryCanceled):  # by statement_timeout
        return TooExpensive(wait=WAIT_S)
    if isinstance(error, OperationalError | InterfaceError):
        return Unavailable(str(AWAY), wait=WAIT_S)
    return None


class UnavailableMiddleware:
    """The same for pages, and 400 for what no column can hold. Routes of the API have `failures.handle_exception`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if is_api_path(request):
            return None
        if isinstance(exception, DataError):  # a value that no column can hold, out of an address or a form
            logger.warning("%s: %s", request.path, exception)
            return render(request, "400.html", status=400)
        answer = explain_database_error(exception)
        if answer is None:
            return None
        logger.error("%s: %s", request.path, exception)
        page = render(request, "503.html", {"detail": str(answer.detail)}, status=503)
        page["Retry-After"] = str(WAIT_S)
        return page
