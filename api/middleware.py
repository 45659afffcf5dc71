"""What answers to HEAD and to probes have in common, and all under /api/: problem documents, caching, rate and security
headers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language_from_request, override
from rest_framework.request import Request

from api.health import PROBES
from api.problems import PROBLEM_TYPE, build_problem, is_api_path
from api.requests import find_origin

SPARSE_TAG = "sparse-"  # how the ETag begins of an answer with `fields`
STRICT_POLICY = "default-src 'none'; frame-ancestors 'none'"


class HeadMiddleware:
    """Stands outside all, and leaves of an answer to HEAD what GET would say before its body (RFC 9110, 9.3.2).

    The web server sends what it is given. Whoever keeps the connection would take a body for the next answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method == "HEAD":  # the length stays
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = ()
            elif isinstance(response, HttpResponse):
                response.content = b""
        return response


class ProbeMiddleware:
    """Answers who asks whether this process is well, before anything asks by which name and scheme it was called.

    Load balancers speak HTTP/1.0 without a Host header, or name an address that is in no `ALLOWED_HOSTS`. What they are
    told is the same for everybody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info[1:])
        return probe(request) if probe else self.get_response(request)


class ApiMiddleware:
    """Stands outside the rest, so that answers made by Django or by other middleware keep the API's form too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not is_api_path(request) or not isinstance(response, HttpResponse):
            return response
        if response.status_code == 301 and request.method not in ("GET", "HEAD"):
            response.status_code = 308  # the missing slash: a client that follows must not turn its POST into a GET
        if response.status_code >= 400:
            explain_failure(request, response)
        add_headers(request, response)
        if request.method in ("GET", "HEAD") and response.status_code == 200:
            response["ETag"] = etag_of(response.content, request=request)
            response = get_conditional_response(request, etag=response["ETag"], response=response) or response
        return response


def explain_failure(request: HttpRequest, response: HttpResponse) -> None:
    """Turn an HTML page or an empty body into a problem document, in place so that CORS headers stay."""
    if response.get("Content-Type", "").startswith(PROBLEM_TYPE):
        return
    # What answered may stand outside the middleware that reads the language, and the thread still speak the last one.
    with override(get_language_from_request(request)):
        problem = build_problem(response.status_code, instance=request.path)
    response.content = json.dumps(problem).encode()
    response["Content-Type"] = PROBLEM_TYPE
    del response["Content-Length"], response["Content-Security-Policy"]  # of the page that it was


def add_headers(request: HttpRequest, response: HttpResponse) -> None:
    """Add what the view has not said itself."""
    state = getattr(request, "rate_state", None)
    if state is not None:
        for name, value in state.headers().items():
            response[name] = value
    response.headers.setdefault("Content-Security-Policy", STRICT_POLICY)
    patch_vary_headers(response, ["Accept", "Authorization", "X-Api-Key"])
    if response.status_code >= 400:
        response["Cache-Control"] = "no-store"
        return
    personal = "Authorization" in request.headers or "X-Api-Key" in request.headers or bool(request.COOKIES)
    # no-cache means: keep it, but ask with If-None-Match before use.
    response.headers.setdefault("Cache-Control", "private, no-cache" if personal else "no-cache")


def etag_of(content: bytes, *, request: HttpRequest | Request) -> str:
    """Return a validator of an answer's body: the same by whatever host and scheme a client reaches us.

    That of a sparse answer says so: it cannot vouch for the fields that its reader has not seen.
    """
    digest = hashlib.sha256(content.replace(find_origin(request).encode(), b"")).hexdigest()[:32]
    return f'"{SPARSE_TAG if "fields" in request.GET else ""}{digest}"'
