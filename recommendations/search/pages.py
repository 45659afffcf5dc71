"""The shop's search page: words in the address, a photo in a form."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from recommendations.search.queries import QueryError, prepare_photo
from recommendations.search.services import SearchAnswer, search_photo, search_text
from recommendations.search.worker import WorkerUnavailable

RESULTS = 24


@require_http_methods(["GET", "HEAD", "POST"])
def search_page(request: HttpRequest) -> HttpResponse:
    """Results for `q`, or for an uploaded `image`, or for both."""
    text = (request.POST if request.method == "POST" else request.GET).get("q", "").strip()
    context: dict[str, Any] = {"query": text, "by_photo": bool(request.FILES.get("image"))}
    status = 200
    try:
        context["answer"] = find(request, text)
    except QueryError as error:
        context["problem"], status = error.message, 400
    except WorkerUnavailable:
        context["problem"], status = "Photos cannot be searched right now. Try again in a moment, or use words.", 503
    return render(request, "recommendations/search_page.html", context, status=status)


def find(request: HttpRequest, text: str) -> SearchAnswer | None:
    """Return what was found, None where nothing was asked for yet."""
    upload = request.FILES.get("image")
    if upload is not None:
        return search_photo(prepare_photo(upload.read()), text=text, limit=RESULTS)
    return search_text(text, limit=RESULTS) if text else None
