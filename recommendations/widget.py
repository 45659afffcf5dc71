"""The scripts of the web component: at an address that follows, and at one for each version that is kept for good."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import condition, require_safe

FOLDER = Path(__file__).parent / "static" / "recommendations"  # clients/widget builds them
MODULE, CLASSIC = "kindred.js", "kindred.classic.js"
MAP = ".map"
FOLLOWING_AGE_S = 300  # after a new release, pages have it in so many seconds
VERSION_AGE_S = 31_536_000


class Script(NamedTuple):
    """A file as it is served. `version` is that of the script, also for its source map."""

    content: bytes
    version: str
    integrity: str  # as pages say it (Subresource Integrity)


@lru_cache
def read_script(name: str) -> Script:
    content = (FOLDER / name).read_bytes()
    script = content if not name.endswith(MAP) else read_script(name.removesuffix(MAP)).content
    integrity = "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
    return Script(content, hashlib.sha256(script).hexdigest()[:16], integrity)


def version_address(name: str) -> str:
    """Return the path of a script as it is now."""
    return reverse("widget-version", args=[read_script(name).version, name])


def script_etag(request: HttpRequest, name: str) -> str:
    return f'"{hashlib.sha256(read_script(name).content).hexdigest()[:32]}"'


@require_safe
@condition(etag_func=script_etag)
def following_script(request: HttpRequest, name: str) -> HttpResponse:
    """`<kindred-similar>` for any page: <script type="module" src=".../widgets/kindred.js"></script>."""
    return build_answer(name, f"public, max-age={FOLLOWING_AGE_S}, stale-while-revalidate=86400")


@require_safe
def versioned_script(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """The same, to be kept for good. Of another version, such as an older release's, it leads to what there is now."""
    if version == read_script(name).version:
        return build_answer(name, f"public, max-age={VERSION_AGE_S}, immutable")
    response = redirect("web-component", name=name)
    response["Cache-Control"] = "no-store"
    return allow_anywhere(response)


def build_answer(name: str, cache_control: str) -> HttpResponse:
    kind = "application/json" if name.endswith(MAP) else "text/javascript; charset=utf-8"
    response = HttpResponse(read_script(name).content, content_type=kind)
    response["Cache-Control"] = cache_control
    return allow_anywhere(response)


def allow_anywhere(response: HttpResponse) -> HttpResponse:
    """It is a public file; the API behind it has its own CORS settings."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response
