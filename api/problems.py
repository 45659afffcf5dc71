"""Every error under /api/ as a problem document (RFC 9457, application/problem+json)."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy
from rest_framework import exceptions, status

PROBLEM_TYPE = "application/problem+json"
# Where the phrase of the status says it less well.
CODES = {413: "payload_too_large", 429: "throttled"}
# Said for statuses that reach us without words of their own.
DETAILS = {
    400: gettext_lazy("The request is malformed."),
    403: gettext_lazy("The request was refused."),
    404: gettext_lazy("There is nothing at this address. All routes are listed at /api/v1/docs/ and end in a slash."),
    405: gettext_lazy("This address does not answer to this method."),
    413: gettext_lazy("The request is larger than this server accepts."),
    500: gettext_lazy("The server failed. It has been logged; try again later."),
    503: gettext_lazy("Something that this needs is not available. Try again later."),
}
# The phrases of RFC 9110, which is all that a title may be in another language of (RFC 9457, 3.1.3).
TITLES = {
    400: gettext_lazy("Bad Request"),
    401: gettext_lazy("Unauthorized"),
    403: gettext_lazy("Forbidden"),
    404: gettext_lazy("Not Found"),
    405: gettext_lazy("Method Not Allowed"),
    406: gettext_lazy("Not Acceptable"),
    409: gettext_lazy("Conflict"),
    412: gettext_lazy("Precondition Failed"),
    413: gettext_lazy("Content Too Large"),
    415: gettext_lazy("Unsupported Media Type"),
    429: gettext_lazy("Too Many Requests"),
    500: gettext_lazy("Internal Server Error"),
    503: gettext_lazy("Service Unavailable"),
}


class RequestError(ValueError):
    """A choice, a filter or a query that cannot be used. `name` is the parameter, `message` says what to do."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class Conflict(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = gettext_lazy("This contradicts what is stored.")
    default_code = "conflict"


class PreconditionFailed(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = gettext_lazy(
        "It has changed since you read it. Read it again, then send your change with the new ETag."
    )
    default_code = "precondition_failed"


class PayloadTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = DETAILS[413]
    default_code = "payload_too_large"


class Unavailable(exceptions.APIException):
    """Something needed is down. Pass `wait` in seconds: it becomes Retry-After."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = DETAILS[503]
    default_code = "unavailable"

    def __init__(self, detail: str | None = None, code: str | None = None, *, wait: int = 5) -> None:
        super().__init__(detail, code)
        self.wait = wait


def build_problem(status_code: int, *, detail: str = "", code: str = "", instance: str = "") -> dict[str, Any]:
    """Return a problem document's members. `code` is the machine-readable name of the problem's type."""
    phrase = HTTPStatus(status_code).phrase
    code = code or CODES.get(status_code) or phrase.lower().replace(" ", "_").replace("-", "_")
    return {
        "type": f"urn:kindred:problem:{code}",
        "title": str(TITLES.get(status_code, phrase)),
        "status": status_code,
        "detail": str(detail or DETAILS.get(status_code, f"{phrase}.")),
        "instance": instance,
        "code": code,
    }


def flatten_errors(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Yield {field, code, detail} for each error of a nested ValidationError; `field` is such as `products.3.price`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from flatten_errors(inner, f"{path}.{name}".strip(".") if name != "non_field_errors" else path)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from flatten_errors(inner, f"{path}.{index}".strip(".") if nested else path)
    else:
        yield {"field": path, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def problem_of(exception: exceptions.APIException, *, instance: str) -> dict[str, Any]:
    """Return the problem document of an exception that a view raises on purpose."""
    if isinstance(exception, exceptions.ValidationError):
        problem = build_problem(
            exception.status_code,
            detail=gettext("Some values are not valid: see errors."),
            code="invalid",
            instance=instance,
        )
        return problem | {"errors": list(flatten_errors(exception.detail))}
    said = exception.detail
    # NotFound with no words of its own gets ours, which say where to look.
    is_plain = isinstance(exception, exceptions.NotFound) and said == exceptions.NotFound.default_detail
    return build_problem(
        exception.status_code,
        detail="" if is_plain else str(said),
        code=getattr(said, "code", ""),
        instance=instance,
    )


def is_api_path(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
