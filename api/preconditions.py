"""Writes that must not overwrite what someone else has written: If-Match and If-None-Match (RFC 9110)."""

from __future__ import annotations

from typing import Any

from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from api.middleware import etag_of
from api.problems import PreconditionFailed

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag that you read. 412 when the product has changed since.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag that you have. 304 without a body when it is still right.",
)


def representation_etag(data: dict[str, Any]) -> str:
    """Return the ETag that a GET of `data` carries."""
    return etag_of(JSONRenderer().render(data))


def check_preconditions(request: Request, *, current: dict[str, Any] | None) -> None:
    """Raise PreconditionFailed unless the request's conditions hold. `current` is None where nothing is stored yet."""
    wanted = parse_etags(request.headers.get("If-Match", ""))
    if wanted and (current is None or not ("*" in wanted or representation_etag(current) in wanted)):
        raise PreconditionFailed
    unwanted = parse_etags(request.headers.get("If-None-Match", ""))
    if unwanted and current is not None and ("*" in unwanted or representation_etag(current) in unwanted):
        raise PreconditionFailed("It exists already.")
