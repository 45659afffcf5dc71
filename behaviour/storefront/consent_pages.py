"""The visitor's choice about being counted, and its page, where it can be changed at any time."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from api.confirmation import find_way_back
from behaviour.storefront.consent import has_privacy_control, keep_answer, read_answer
from behaviour.storefront.forgetting import forget_session


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def consent_page(request: HttpRequest) -> HttpResponse:
    """Say what is kept and what for; a form sends the choice, and leads back to where it was made."""
    if request.method != "POST":
        context = {"answer": read_answer(request), "has_privacy_control": has_privacy_control(request)}
        return render(request, "storefront/consent_page.html", context)
    response = HttpResponseRedirect(find_way_back(request, default=reverse("consent")))
    granted = request.POST.get("answer") == "yes" and not has_privacy_control(request)
    before = read_answer(request)
    if granted != before.is_granted or before.consent is None:
        keep_answer(response, granted=granted)
    if before.is_granted and not granted:
        forget_session(before.session_id)
    return response
