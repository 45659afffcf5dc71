"""Pages of the admin of our own: address, place in the menu and permission of each, declared in one place.

The door of the desk: an app decorates its views with `desk_page` in a module that its `admin.py` imports, and draws
them with `render_desk`. A page of rows is a ModelAdmin as ever; its `desk_group` and `desk_order` say where it
stands, and `desk_part` without which part of a field (`hidden` in api/field.py) it is left out of the menu.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

View = Callable[..., HttpResponse]


class Group(models.TextChoices):
    """Where in the menu a page stands, by what staff come for."""

    CATALOGUE = "catalogue", _("Catalogue")
    RECOMMENDATIONS = "recommendations", _("Recommendations")
    RESULTS = "results", _("Results")
    MACHINE = "machine", _("Behind the scenes")


@dataclass(frozen=True, kw_only=True)
class DeskPage:
    """One address of the desk. Without a title it is no entry of the menu."""

    route: str
    name: str
    title: str | Promise
    group: Group
    permission: str
    view: View

    @property
    def is_kept(self) -> bool:
        """May browsers keep its answers?"""
        return getattr(self.view, "is_kept", False)


USUAL_ORDER = 50  # of pages in their group; the `desk_order` of a ModelAdmin puts it before or behind them
PAGES: dict[str, DeskPage] = {}  # by name


def desk_page(
    route: str,
    *,
    name: str,
    permission: str,
    title: str | Promise = "",
    group: Group = Group.MACHINE,
) -> Callable[[View], View]:
    """Serve the decorated view at /admin/<route>, named `name`, to staff who have `permission`.

    A title makes it an entry of the menu. A second view of the same name takes the place of the first.
    """

    def register(view: View) -> View:
        @functools.wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        PAGES[name] = DeskPage(route=route, name=name, title=title, group=group, permission=permission, view=checked)
        return checked

    return register


def keep_in_browser(view: View) -> View:
    """Let browsers keep what the decorated view answers, as its own Cache-Control says. Other pages are never kept."""
    view.is_kept = True  # type: ignore[attr-defined]
    return view


def render_desk(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int | None = None
) -> TemplateResponse:
    """Return a page of the desk: `template` extends admin/desk.html, and `context` has its `title`."""
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)


def is_by_script(request: HttpRequest) -> bool:
    """Whether a script of the page asks, which puts a piece of HTML in its place, and no browser that loads a page."""
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"
