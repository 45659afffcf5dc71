"""Asking staff first, before an action of the admin that cannot be undone or that shoppers notice at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme

CONFIRMED = "confirmed"  # the field of the form that says the question was read
BACK = "next"  # the field that says on which of our pages the button was


def find_way_back(request: HttpRequest, *, default: str = "") -> str:
    """Return the page of ours that the form says it was sent from; never one of another site."""
    named = request.POST.get(BACK, "")
    is_ours = named.startswith("/") and url_has_allowed_host_and_scheme(named, allowed_hosts=None)
    return named if is_ours else default


def ask_first(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    *,
    question: str,
    consequences: Sequence[str],
    queryset: QuerySet[Any] | None = None,
) -> HttpResponse | None:
    """Return the page that asks `question` and says what would follow, or None where it has been answered with yes.

    The page posts to the same address again, with the rows of `queryset` that an action is for, and the page to go
    back to.
    """
    if request.POST.get(CONFIRMED):
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question,
        "opts": model_admin.opts,
        "consequences": consequences,
        "action": request.POST.get("action", ""),
        "selected": queryset if queryset is not None else (),
        "checkbox": ACTION_CHECKBOX_NAME,
        "confirmed": CONFIRMED,
        "back": BACK,
        "way_back": find_way_back(request),
    }
    return TemplateResponse(request, "admin/ask_first.html", context)
