"""Events that a page sends while it goes away: by `navigator.sendBeacon`, which can say neither a header nor JSON.

A browser sends such a text to another site without asking that site first, with whatever cookies it has. So it counts
for nobody's session, only from pages that may call the API, only with a publishable key, and by its address.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from api.access import use_key
from api.models import ApiKey
from api.requests import find_origin
from api.throttling import EventThrottle, identify_address
from behaviour.events.bodies import EventsParser

KEY = "key"  # the parameter of the address
MEDIA_TYPE = "text/plain"  # of the few that a page may send anywhere


class BeaconParser(EventsParser):
    """JSON that calls itself plain text. Browsers send no beacon above 64 KiB."""

    media_type = MEDIA_TYPE
    most_bytes = 64 * 1024


class BeaconThrottle(EventThrottle):
    """Beacons have the budget of their address: that of a key which stands in every page is anybody's to use up."""

    def identify(self, request: Request) -> tuple[str, str]:
        if is_beacon(request):
            return self.anonymous_policy, identify_address(request._request)
        return super().identify(request)


class BeaconAuthentication(BaseAuthentication):
    """The key in the address of a beacon. Decides for every beacon, so that no session is looked at."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey | None] | None:
        if not is_beacon(request):
            return None
        check_origin(request)
        token = request.query_params.get(KEY)
        key = use_key(token, request=request) if token else None
        if key is not None and key.may_write:
            raise PermissionDenied(
                gettext("A secret key stands in an address that anyone can read: revoke it, and use a publishable one.")
            )
        return AnonymousUser(), key


class BeaconScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "behaviour.events.beacons.BeaconAuthentication"
    name = "beaconKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "query", "name": KEY, "description": "Publishable key of a beacon"}


def is_beacon(request: Request) -> bool:
    return (request.content_type or "").partition(";")[0].strip().lower() == MEDIA_TYPE


def check_origin(request: Request) -> None:
    """Raise PermissionDenied for a page that may not call the API: browsers say of which site it is."""
    origin = request.headers.get("Origin")
    if origin is not None and origin not in {find_origin(request), *settings.CORS_ALLOWED_ORIGINS}:
        raise PermissionDenied(
            gettext("Pages of %s may not send events here. Allow them by the setting CORS_ALLOWED_ORIGINS.")
            % origin[:200]
        )
