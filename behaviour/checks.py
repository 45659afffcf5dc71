"""System checks of the settings of behaviour."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

MAX_SHARE = 0.5  # by which anything but relevance may raise a score


@register()
def check_behaviour_settings(**_: Any) -> list[CheckMessage]:
    """Name settings that cannot be used."""
    found: list[CheckMessage] = []
    if settings.KINDRED_BEHAVIOUR_PROMOTE not in ("auto", "ask"):
        message = f"KINDRED_BEHAVIOUR_PROMOTE is {settings.KINDRED_BEHAVIOUR_PROMOTE!r}."
        found.append(Error(message, hint="Choose auto or ask.", id="behaviour.E001"))
    if not 0 <= settings.KINDRED_BEHAVIOUR_HOUR <= 23:
        message = f"KINDRED_BEHAVIOUR_HOUR is {settings.KINDRED_BEHAVIOUR_HOUR}."
        found.append(Error(message, hint="Choose an hour of the day, 0 to 23.", id="behaviour.E002"))
    for name in ("KINDRED_EVENTS_KEPT_DAYS", "KINDRED_SESSIONS_KEPT_DAYS"):
        if (days := getattr(settings, name)) < 1:  # what is kept for no time is deleted for good within the hour
            hint = "Choose 1 day or more. KINDRED_KEEP_PEOPLE=0 keeps no people at all."
            found.append(Error(f"{name} is {days}.", hint=hint, id="behaviour.E003"))
    for name in ("KINDRED_SEARCH_POPULARITY", "KINDRED_SEARCH_MARGIN"):
        if not 0 <= (share := getattr(settings, name)) <= MAX_SHARE:
            hint = f"Choose a share from 0 to {MAX_SHARE}: what is searched for has to weigh more."
            found.append(Error(f"{name} is {share}.", hint=hint, id="behaviour.E004"))
    return found
