"""From an exception in a view to an answer. Apart from problems.py, which DRF's own views need before they exist."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from api.problems import PROBLEM_TYPE, RequestError, problem_of
from api.unavailable import explain_error

logger = logging.getLogger(__name__)


def handle_exception(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. None means: not ours to explain, let it become a logged 500."""
    if isinstance(exception, Http404):
        exception = exceptions.NotFound()
    elif isinstance(exception, PermissionDenied):
        exception = exceptions.PermissionDenied()
    elif isinstance(exception, RequestError):
        exception = exceptions.ValidationError({exception.name: [exception.message]})
    elif (refused := explain_error(exception)) is not None:
        logger.error("%s: %s", context["request"].path, exception)
        exception = refused
    response = exception_handler(exception, context)  # for its headers, and for rolling back
    if response is None or not isinstance(exception, exceptions.APIException):
        return None
    response.data = problem_of(exception, instance=context["request"].path)
    response.content_type = PROBLEM_TYPE
    return response
