"""What a request may bring and how often pages may be asked for what costs: one place for all doors.

The web server itself takes no larger body than these limits (`config.web_worker`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language_from_request, gettext, gettext_noop, ngettext, override

from api.problems import is_api_path
from api.rates import parse_rate
from api.requests import is_readable
from api.throttling import count_in_window, identify_address

MAX_DIGITS = 18  # of a length: Python reads longer numbers slowly, or not at all
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
UNICODE = ("utf-8", "utf8", "us-ascii")  # charsets that our reading of a form is right for
SESSION_KEY = re.compile("[a-z0-9]{8,100}")  # as Django makes them
COSTLY_PAGES = ("/search/", "/products/")  # they ask the worker, or search by vectors


class LimitsMiddleware:
    """Refuses bodies that are too large by what they say of themselves, and pages that are asked for too often."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        status, text, values = self.find_refusal(request)
        if not status:
            return self.get_response(request)
        with override(get_language_from_request(request)):  # which Django chooses behind this
            return refuse(status, gettext(text) % values, retry_after_s=values.get("seconds"))

    def find_refusal(self, request: HttpRequest) -> tuple[int, str, dict[str, Any]]:
        """Return status, message and values of what is refused; status 0 where the request may go on."""
        limit = settings.KINDRED_MAX_UPLOAD_BYTES
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return 400, gettext_noop("Content-Length has to be a number of bytes."), {}
        if len(length) > MAX_DIGITS or int(length) > limit:
            said = gettext_noop("The request is larger than %(limit)s bytes. Send less, or a smaller picture.")
            return 413, said, {"limit": f"{limit:,}"}
        accepted = request.META.get("HTTP_ACCEPT", "").split(",")
        if not all(map(is_readable, [request.META.get("CONTENT_TYPE", ""), *accepted])):
            return 400, gettext_noop("Content-Type or Accept cannot be read."), {}
        if request.content_type in FORMS and read_charset(request) not in UNICODE:
            return 415, gettext_noop("Forms are read as UTF-8. Send yours in it, and say charset=utf-8 or nothing."), {}
        if not SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)  # none of ours; a NUL could not even be looked up
        if is_costly(request) and (wait_s := self.seconds_to_wait(request)):
            return 429, gettext_noop("Too many requests: wait %(seconds)s seconds."), {"seconds": wait_s}
        return 0, "", {}

    def seconds_to_wait(self, request: HttpRequest) -> int:
        """Count the request and return how long to wait, 0 where it may go on."""
        rate = parse_rate(settings.KINDRED_API_RATES["pages"])
        count, left_s = count_in_window(f"pages:{identify_address(request)}", rate=rate)
        return left_s if count is not None and count > rate.limit else 0


def read_charset(request: HttpRequest) -> str:
    """Return the charset that Content-Type names, in small letters, or what we take its lack for."""
    return (request.content_params or {}).get("charset", UNICODE[0]).strip().lower()


def is_costly(request: HttpRequest) -> bool:
    return not is_api_path(request) and (request.method == "POST" or request.path_info.startswith(COSTLY_PAGES))


def refuse_login(request: HttpRequest, *_: object) -> HttpResponse:
    """Answer a log-in that was tried too often: by this name, from this address."""
    wait_s = int(settings.AXES_COOLOFF_TIME.total_seconds())
    text = ngettext(
        "Too many wrong passwords: wait %(minutes)d minute, then try again.",
        "Too many wrong passwords: wait %(minutes)d minutes, then try again.",
        wait_s // 60,
    )
    return refuse(429, text % {"minutes": wait_s // 60}, retry_after_s=wait_s)


def refuse(status: int, text: str, *, retry_after_s: int | None = None) -> HttpResponse:
    """Return a plain answer; under /api/ the API's middleware makes a problem document of it."""
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    if retry_after_s is not None:
        response["Retry-After"] = str(retry_after_s)
    return response
