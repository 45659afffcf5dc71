"""Asking staff first, before an action of the admin that cannot be undone or that shoppers notice at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

CONFIRMED = "confirmed"  # the field of the form that says the question was read


def ask_first(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    *,
    question: str,
    consequences: Sequence[str],
    queryset: QuerySet[Any] | None = None,
) -> HttpResponse | None:
    """Return the page that asks `question` and says what would follow, or None where it has been answered with yes.

    The page posts to the same address again, with the rows of `queryset` that an action is for.
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
    }
    return TemplateResponse(request, "admin/ask_first.html", context)
