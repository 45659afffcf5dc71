"""Light or dark: as the visitor chose, else as the device says. The server writes it into the page: nothing flashes."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from api.confirmation import find_way_back

COOKIE = "kindred_theme"
KEPT_S = 365 * 86_400
THEMES = ("light", "dark")


def read_theme(request: HttpRequest) -> str:
    """Return what the visitor chose; empty where the device decides."""
    said = request.COOKIES.get(COOKIE, "")
    return said if said in THEMES else ""


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice, and lead back to where it was made; any other word leaves it to the device again."""
    response = HttpResponseRedirect(find_way_back(request, default="/"))
    said = request.POST.get("theme", "")
    if said in THEMES:
        response.set_cookie(
            COOKIE, said, max_age=KEPT_S, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response
