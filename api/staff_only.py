"""A field whose `access` is `staff`: no page of it is shown to anybody else. The API asks by `api.access`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_cache_control

from api.access import is_staff
from api.field import current_field
from api.problems import is_api_path

OPEN = frozenset({"metrics", "set_language", "set_theme"})  # they say nothing of what is kept here


class StaffOnlyMiddleware:
    """Sends whoever is not signed in as staff to the log-in, before a view is asked for anything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if current_field().is_for_staff:
            patch_cache_control(response, private=True)  # no proxy may give a picture to the next who asks
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponseBase | None:
        """Return the way to the log-in, or None where the view may answer."""
        if not current_field().is_for_staff or is_open(request):
            return None
        return None if is_staff(request) else redirect_to_login(request.get_full_path(), reverse("admin:login"))


def is_open(request: HttpRequest) -> bool:
    """Whether it is answered without this: the admin has a log-in of its own, and the API its permissions."""
    if is_api_path(request) or request.path.startswith(reverse("admin:index")):
        return True
    return request.resolver_match is not None and request.resolver_match.url_name in OPEN
