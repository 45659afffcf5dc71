"""The shop's page for searching by a sound: a form, and what sounds like it. The sound is not kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from api.problems import RequestError
from api.replica.reading import from_replica
from recommendations.search.queries import MAX_TEXT_LENGTH, take_photo_turn
from recommendations.search.sounds import prepare_sound, search_sound
from recommendations.worker import WorkerUnavailable

RESULTS = 24


@require_http_methods(["GET", "HEAD", "POST"])
@from_replica
def sound_search_page(request: HttpRequest) -> HttpResponse:
    """The form, and after a sound was sent, what sounds like it."""
    context: dict[str, Any] = {}
    status = 200
    try:
        if request.method == "POST":
            text = request.POST.get("q", "").strip()[:MAX_TEXT_LENGTH]
            upload = request.FILES.get("audio")
            if upload is None:
                raise RequestError("audio", gettext("Choose a sound first."))
            with take_photo_turn():
                context["answer"] = search_sound(prepare_sound(upload), text=text, limit=RESULTS)
    except RequestError as error:
        context["problem"], status = error.message, 400
    except WorkerUnavailable:
        context["problem"], status = _("Sounds cannot be searched for right now. Try again in a moment."), 503
    return render(request, "recommendations/sound_search_page.html", context, status=status)
