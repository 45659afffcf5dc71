"""Who is asking: an API key in a header, or a signed-in member of staff."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from api.models import ApiKey


def read_token(request: Request) -> str | None:
    """Return the token of `Authorization: Bearer TOKEN` or `X-Api-Key: TOKEN`, or None when neither was sent."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-Api-Key")


class ApiKeyAuthentication(BaseAuthentication):
    """A wrong key is refused even where no key is needed: silence would hide a typo until the first write."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        token = read_token(request)
        if token is None:
            return None
        key = ApiKey.objects.find_by_token(token)
        if key is None:
            raise AuthenticationFailed(
                "This API key is unknown, revoked or expired. Make one with `manage.py api_key create`.",
                code="invalid_api_key",
            )
        key.record_use()
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Kindred"'


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.authentication.ApiKeyAuthentication"
    name = ["bearer", "apiKey"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer KEY`"},
            {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{name: []} for name in self.name]  # either header, not both
