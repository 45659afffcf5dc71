"""OpenAPI: what every operation has in common, said once."""

from __future__ import annotations

import json
import re
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from api.access import MayRead, MaySendEvents, ReadOrWrite
from api.parameters import QueryParameters
from api.problems import PROBLEM_TYPE


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One value that is not valid."""

    field = serializers.CharField(help_text="Where it is, such as `price_min` or `products.3.price`; empty: all of it")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """An error, as in RFC 9457."""

    type = serializers.CharField(help_text="`urn:kindred:problem:` and the code")
    title = serializers.CharField(help_text="The phrase of the status")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened and what to do next")
    instance = serializers.CharField(help_text="The path that was asked for")
    code = serializers.CharField(help_text="Stable, for programs")
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]


EXAMPLE_INVALID = OpenApiExample(
    "Invalid values",
    value={
        "type": "urn:kindred:problem:invalid",
        "title": "Bad Request",
        "status": 400,
        "detail": "Some values are not valid: see errors.",
        "instance": "/api/v1/products/",
        "code": "invalid",
        "errors": [{"field": "price_min", "code": "invalid", "detail": "A valid number is required."}],
    },
    media_type=PROBLEM_TYPE,
)
DESCRIPTIONS = {
    400: "The request is malformed, or values in it are not valid",
    401: "The API key is unknown, revoked or expired, or one is needed",
    403: "The API key may not do this",
    404: "Not found",
    405: "The address does not answer to this method",
    406: "Only application/json is offered",
    409: "It contradicts what is stored",
    412: "It has changed since it was read",
    413: "The body is too large",
    415: "The body's media type is not accepted",
    429: "Too many requests: wait for Retry-After seconds",
    500: "The server failed",
    503: "Something that this needs is not available: wait for Retry-After seconds",
}


def say_default(field: dict[str, Any]) -> dict[str, Any]:
    """Return a field of a body with its default in words: types for TypeScript would else ask for the field."""
    if "default" not in field:
        return field
    rest = {name: value for name, value in field.items() if name != "default"}
    said = f"Default: {json.dumps(field['default'])}"
    return rest | {"description": f"{field['description']}. {said}" if "description" in field else said}


class KindredSchema(AutoSchema):
    """Adds the problem documents that any operation can answer with."""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self.problem_statuses():
            if str(status) in bodies:
                continue
            response = OpenApiResponse(
                ProblemSerializer,
                description=DESCRIPTIONS[status],
                examples=[EXAMPLE_INVALID] if status == 400 else [],
            )
            bodies[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                response, str(status), media_types=[PROBLEM_TYPE], direction=direction
            )
        return bodies

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_serializer(serializer, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(force_instance(serializer), QueryParameters):  # type: ignore[no-untyped-call]
            schema.setdefault("properties", {})  # a route may take no parameter at all
        elif direction == "request":
            schema["properties"] = {name: say_default(field) for name, field in schema["properties"].items()}
        return schema

    def get_summary(self) -> str:
        """The first sentence of the description."""
        return re.split(r"[.:](?:\s|$)", self.get_description(), maxsplit=1)[0]

    def get_auth(self) -> list[dict[str, Any]]:
        """Reading needs no key unless KINDRED_API_PUBLIC_READ is off, so `{}` stands for "none" among the choices."""
        auth: list[dict[str, Any]] = super().get_auth()
        permissions = {type(permission) for permission in self.view.get_permissions()}
        reads = permissions <= {MayRead, MaySendEvents} or (permissions == {ReadOrWrite} and self.method == "GET")
        return [*auth, {}] if reads and {} not in auth else auth

    def problem_statuses(self) -> list[int]:
        """Statuses that this operation can fail with. A view adds its own in `problem_statuses`, by method."""
        statuses = [400, 401, 403, 404, 406, 429, 500, 503]
        if self.method in ("POST", "PUT", "PATCH"):
            statuses += [413, 415]
        own: dict[str, list[int]] = getattr(self.view, "problem_statuses", {})
        return sorted({*statuses, *own.get(self.method, [])})
