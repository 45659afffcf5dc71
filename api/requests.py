"""Requests as this server reads them: in UTF-8, whatever they call themselves."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.utils.http import parse_header_parameters
from rest_framework.request import Request


class Utf8Request(WSGIRequest):
    """Reads addresses, forms and bodies as UTF-8.

    Django would have Content-Type name the codec for all of them, any that Python has, and where it is `rot13`, or the
    header cannot be read, fail before there is a request that could be answered. `LimitsMiddleware` refuses the latter.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {}


def find_origin(request: HttpRequest | Request) -> str:
    """Return scheme and host of this server as the client knows them: `https://shop.example`."""
    origin: str | None = getattr(request, "origin", None)
    if origin is None:  # an answer asks for it several times
        plain = request._request if isinstance(request, Request) else request
        origin = plain.origin = request.build_absolute_uri("/").rstrip("/")  # type: ignore[attr-defined]
    return origin


def is_readable(media_type: str) -> bool:
    """Return whether Django and DRF can read what Content-Type or Accept say.

    They fail for a parameter in the form of RFC 2231 whose charset or number there is not.
    """
    if "*" not in media_type.partition(";")[2]:
        return True
    try:
        parse_header_parameters(media_type)
    except ValueError:
        return False
    return True
