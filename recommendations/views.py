"""The web component as a file that any site may load."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition, require_safe

from recommendations.lists import make_recommendation_id

SCRIPT = Path(__file__).parent / "static" / "recommendations" / "kindred.js"


@lru_cache
def read_script() -> bytes:
    return SCRIPT.read_bytes()


def script_etag(request: HttpRequest) -> str:
    return f'"{make_recommendation_id(read_script())}"'


@require_safe
@condition(etag_func=script_etag)
def web_component(request: HttpRequest) -> HttpResponse:
    """`<kindred-similar>` for any page: <script type="module" src=".../widgets/kindred.js"></script>."""
    response = HttpResponse(read_script(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Access-Control-Allow-Origin"] = "*"  # a public file; the API behind it has its own CORS settings
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
