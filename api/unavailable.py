"""What the database refuses: a request that costs more than one may, or comes while it is away (503), or holds what no
column can hold (400); and files that the disk or the bucket does not give (503). Never 500."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from psycopg.errors import QueryCanceled
from rest_framework.exceptions import APIException, ParseError

from api.problems import DETAILS, Unavailable, is_api_path

logger = logging.getLogger(__name__)

TOO_EXPENSIVE = gettext_lazy(
    "This costs more than one request may. Ask for less: fewer filters and placements, or a smaller limit."
)
AWAY = gettext_lazy("The database does not answer. Try again in a moment.")
FILES_AWAY = gettext_lazy("Files cannot be read or written right now. Try again in a moment.")
WAIT_S = 5


class TooExpensive(Unavailable):
    """A request that would hold a worker for too long."""

    default_detail = TOO_EXPENSIVE  # translated when it is said
    default_code = "too_expensive"


def explain_error(error: Exception) -> APIException | None:
    """Return the answer that an error of the database or of the files means; None where the error is our own."""
    if isinstance(error, DataError):  # a value out of an address, a form or a cookie
        return ParseError(str(DETAILS[400]))
    if isinstance(error.__cause__, QueryCanceled):  # by statement_timeout
        return TooExpensive(wait=WAIT_S)
    if isinstance(error, OperationalError | InterfaceError):
        return Unavailable(str(AWAY), wait=WAIT_S)
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):  # that one file alone is gone
        return Unavailable(str(FILES_AWAY), wait=WAIT_S)
    return None


class UnavailableMiddleware:
    """The same for pages. Routes of the API have `failures.handle_exception`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if is_api_path(request):
            return None
        if is_unchecked(request, exception):
            logger.error("%s: a value cannot be read", request.path, exc_info=exception)
            return render(request, "400.html", status=400)
        answer = explain_error(exception)
        if answer is None:
            return None
        if answer.status_code == 400:
            logger.warning("%s: %s", request.path, exception)
            return render(request, "400.html", status=400)
        logger.error("%s: %s", request.path, exception)
        page = render(request, "503.html", {"detail": str(answer.detail)}, status=503)
        page["Retry-After"] = str(WAIT_S)
        return page


def is_unchecked(request: HttpRequest, exception: Exception) -> bool:
    """Was this raised by Django's admin for what somebody made up in an address or a form, such as a row called x?

    It reads numbers and dates in some of them as they come: in lookups, in what is selected, in a choice shown again;
    takes what a form begins with, `add/?starts_at=x`, for the moment that it should be, and looks a row up by whatever
    field an address names, `?_to_field=` included.
    """
    is_taken_for_another = isinstance(exception, AttributeError) and exception.obj in list(request.GET.values())
    is_made_up = isinstance(exception, ValueError | FieldDoesNotExist | FieldError) or is_taken_for_another
    return request.path_info.startswith("/admin/") and is_made_up and not settings.DEBUG
