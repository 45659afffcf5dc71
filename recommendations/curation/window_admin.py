"""A form for a new rule that opens with a beginning and an end, as the calendar's links name them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

WINDOW = ("starts_at", "ends_at")


class StartsInWindow(admin.ModelAdmin[Any]):
    """Reads the moments that an address names, and leaves out what is none."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        window = {name: read_moment(str(initial.pop(name, ""))) for name in WINDOW}
        return initial | {name: moment for name, moment in window.items() if moment}


def read_moment(text: str) -> datetime | None:
    """Return the moment of a text such as 2026-11-27T00:00; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    except (ValueError, OverflowError):
        return None
