"""From an exception in a view to a problem document."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from api.problems import PROBLEM_TYPE, build_problem, flatten_errors


def handle_exception(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. None means: not ours to explain, let it become a logged 500."""
    response = exception_handler(exception, context)
    if response is None:
        return None
    instance = context["request"].path
    if isinstance(exception, exceptions.ValidationError):
        problem = build_problem(
            response.status_code, detail="Some values are not valid: see errors.", code="invalid", instance=instance
        )
        problem["errors"] = list(flatten_errors(exception.detail))
    else:
        said = getattr(exception, "detail", None)
        problem = build_problem(
            response.status_code,
            detail=str(said or ("" if response.status_code == status.HTTP_404_NOT_FOUND else exception)),
            code=getattr(said, "code", ""),
            instance=instance,
        )
    response.data = problem
    response.content_type = PROBLEM_TYPE
    return response
