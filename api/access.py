"""Who is asking and what may they do: an API key in a header, or a signed-in member of staff."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from api.field import current_field
from api.models import ApiKey
from api.rates import parse_rate
from api.throttling import count_in_window, identify_address


def read_token(request: Request) -> str | None:
    """Return the token of `Authorization: Bearer TOKEN` or `X-Api-Key: TOKEN`, or None when neither was sent."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-Api-Key")


def find_key(token: str, *, request: Any) -> ApiKey | None:
    """Return the usable key of `token`, or None. Raises Throttled where this address has sent too many wrong ones.

    Right keys are let in from such an address too: the shop's own applications may share it with whoever guesses.
    """
    key = ApiKey.objects.find_by_token(token)
    if key is None:
        rate = parse_rate(settings.KINDRED_API_RATES["wrong_keys"])
        count, wait_s = count_in_window(f"wrong_keys:{identify_address(request)}", rate=rate)
        if count is not None and count > rate.limit:
            raise Throttled(wait=wait_s)
    return key


def use_key(token: str, *, request: Any) -> ApiKey:
    """Return the usable key of `token` and note its use. Raises AuthenticationFailed, or Throttled as `find_key`."""
    key = find_key(token, request=request)
    if key is None:
        raise AuthenticationFailed(
            gettext("This API key is unknown, revoked or expired. Make one with `manage.py api_key create`."),
            code="invalid_api_key",
        )
    key.record_use()
    return key


class ApiKeyAuthentication(BaseAuthentication):
    """A wrong key is refused even where no key is needed: silence would hide a typo until the first write."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        token = read_token(request)
        if token is None:
            return None
        return AnonymousUser(), use_key(token, request=request)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Kindred"'


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.access.ApiKeyAuthentication"
    name = ["bearer", "apiKey"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer KEY`"},
            {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{name: []} for name in self.name]  # either header, not both


# Of the staff: those who see a product in the admin.
SEEING_PERMISSIONS = ("catalog.view_product", "catalog.change_product")


def may_see_all(request: Request) -> bool:
    """Is this a secret key, or staff who see products in the admin? They see those that are not for sale as well."""
    if isinstance(request.auth, ApiKey):
        return request.auth.may_write
    return is_staff(request) and any(map(request.user.has_perm, SEEING_PERMISSIONS))


def is_staff(request: Request | HttpRequest) -> bool:
    return bool(request.user and request.user.is_active and request.user.is_staff)


class MayRead(BasePermission):
    """Any key, staff, and everyone while KINDRED_API_PUBLIC_READ is on. Also for reads that are sent by POST.

    In a field for staff alone it is staff and secret keys: a publishable one is where anybody can find it.
    """

    message = gettext_lazy("Reading needs an API key on this server. Send it as `Authorization: Bearer KEY`.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if current_field().is_for_staff:
            self.message = gettext_lazy("This is for staff alone: sign in to the admin, or send a secret API key.")
            return is_staff(request) or (isinstance(request.auth, ApiKey) and request.auth.may_write)
        return settings.KINDRED_API_PUBLIC_READ or isinstance(request.auth, ApiKey) or is_staff(request)


class MaySendEvents(MayRead):
    """The same callers as for reads: a publishable key is meant to sit in an app, where anyone can find it."""

    message = gettext_lazy("Sending events needs an API key on this server. Send it as `Authorization: Bearer KEY`.")


class MayWrite(BasePermission):
    """A secret key, or staff with all the permissions that the view names for this method."""

    message = gettext_lazy("Writing needs a secret API key: `manage.py api_key create NAME --scope secret`.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, ApiKey):
            return request.auth.may_write
        if not is_staff(request):
            return False
        permissions = getattr(view, "staff_permissions", {}).get(request.method)
        return request.user.has_perms(permissions) if permissions else request.user.is_superuser


class ReadOrWrite(BasePermission):
    """The default: safe methods read, all others write."""

    def has_permission(self, request: Request, view: Any) -> bool:
        permission = MayRead() if request.method in SAFE_METHODS else MayWrite()
        allowed = permission.has_permission(request, view)
        self.message = permission.message
        return allowed
