"""What a page of ours may load: its own scripts, styles and files, and nothing that stands in the page itself."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class ContentPolicyMiddleware:
    """Gives each page a Content-Security-Policy, unless its view has said one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Security-Policy", build_policy())
        return response


def build_policy() -> str:
    """Return the policy. Files and pictures may come from where the settings say that they are."""
    files, media = find_origins([settings.STATIC_URL]), find_origins([settings.MEDIA_URL])
    pictures = list(dict.fromkeys([*files, *media]))
    pictures += [origin for origin in settings.KINDRED_PICTURE_ORIGINS if origin not in pictures]
    if settings.KINDRED_PICTURES_FROM == "shop" and not settings.KINDRED_PICTURE_ORIGINS:
        pictures.append("https:")  # wherever the shop has them
    shown = ["'self'", "data:", *pictures]
    own = " ".join(["'self'", *files])
    heard = " ".join(["'self'", *media])
    return (
        f"default-src 'none'; script-src {own}; style-src {own}; font-src {own}; "
        f"img-src {' '.join(shown)}; media-src {heard}; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def find_origins(addresses: list[str]) -> list[str]:
    """Return scheme and host of the addresses that have them."""
    parts = [urlsplit(address) for address in addresses]
    return list(dict.fromkeys(f"{part.scheme or 'https'}://{part.netloc}" for part in parts if part.netloc))
