"""What a visitor of the storefront has agreed to, and by which name their visits are known then: one cookie says both.

Global Privacy Control means no: who has it is not even asked.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from behaviour.events.event import Consent
from recommendations.visitors import Visitor

COOKIE = "kindred_consent"
KEPT_S = 180 * 86_400
is_answer = re.compile(r"none|personalisation:[A-Za-z0-9_-]{22}").fullmatch


@dataclass(frozen=True)
class Answer:
    """`consent` is None until the visitor says something. `session_id` is empty without consent."""

    consent: Consent | None
    session_id: str = ""

    @property
    def is_granted(self) -> bool:
        return self.consent == Consent.PERSONALISATION


def read_answer(request: HttpRequest) -> Answer:
    """Return what the visitor has said, or their browser for them."""
    if has_privacy_control(request):
        return Answer(Consent.NONE)
    said = request.COOKIES.get(COOKIE, "")
    if not is_answer(said):
        return Answer(None)
    consent, _, session_id = said.partition(":")
    return Answer(Consent(consent), session_id)


def read_visitor(request: HttpRequest) -> Visitor:
    """Return by what lists know the visitor: by nothing without consent."""
    return Visitor(session_id=read_answer(request).session_id)


def has_privacy_control(request: HttpRequest) -> bool:
    return request.headers.get("Sec-GPC", "").strip() == "1"


def keep_answer(response: HttpResponse, *, granted: bool) -> None:
    """Have the browser keep the answer. With a yes comes a name that was drawn by lot and is nobody's."""
    said = f"{Consent.PERSONALISATION}:{secrets.token_urlsafe(16)}" if granted else str(Consent.NONE)
    response.set_cookie(
        COOKIE, said, max_age=KEPT_S, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
