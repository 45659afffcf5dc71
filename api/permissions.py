"""Who may do what. A view names the permission that staff need in `staff_permissions`, by HTTP method."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from api.models import ApiKey


def may_write(request: Request) -> bool:
    """Is this a secret key or a member of staff? Such callers also see products that are not for sale."""
    return (isinstance(request.auth, ApiKey) and request.auth.may_write) or bool(
        request.user and request.user.is_active and request.user.is_staff
    )


class MayRead(BasePermission):
    """Any key, staff, and everyone while KINDRED_API_PUBLIC_READ is on. Also for reads that are sent by POST."""

    message = "Reading needs an API key on this server. Send it as `Authorization: Bearer KEY`."

    def has_permission(self, request: Request, view: Any) -> bool:
        return settings.KINDRED_API_PUBLIC_READ or isinstance(request.auth, ApiKey) or may_write(request)


class MaySendEvents(MayRead):
    """The same callers as for reads: a publishable key is meant to sit in an app, where anyone can find it."""

    message = "Sending events needs an API key on this server. Send it as `Authorization: Bearer KEY`."


class MayWrite(BasePermission):
    """A secret key, or staff with the permission that the view names for this method."""

    message = "Writing needs a secret API key: `manage.py api_key create NAME --scope secret`."

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, ApiKey):
            return request.auth.may_write
        if not may_write(request):
            return False
        permission = getattr(view, "staff_permissions", {}).get(request.method)
        return request.user.has_perm(permission) if permission else request.user.is_superuser


class ReadOrWrite(BasePermission):
    """The default: safe methods read, all others write."""

    def has_permission(self, request: Request, view: Any) -> bool:
        permission = MayRead() if request.method in SAFE_METHODS else MayWrite()
        self.message = permission.message
        return permission.has_permission(request, view)
