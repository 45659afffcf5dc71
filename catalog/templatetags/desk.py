"""The menu of the admin in its templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.desk.front import list_needs, list_tiles
from catalog.desk.menu import build_menu, find_current

register = template.Library()


@register.inclusion_tag("admin/desk_menu.html", takes_context=True)
def desk_menu(context: Context) -> dict[str, Any]:
    """The groups of the menu that the user of this page may open."""
    request = context["request"]
    menu = build_menu(context.get("available_apps") or (), user=request.user)
    return {"menu": menu, "current": find_current(menu, path=request.path)}


@register.inclusion_tag("admin/desk_front.html", takes_context=True)
def desk_front(context: Context) -> dict[str, Any]:
    """What needs somebody today, and the figures of the shop."""
    user = context["request"].user
    return {"needs": list_needs(user), "tiles": list_tiles(user)}


WIDTH, HEIGHT = 240, 48


@register.simple_tag
def sparkline(points: Sequence[float]) -> SafeString:
    """A line through some values, oldest first, from 0 or the lowest to the highest; nothing for fewer than two."""
    if len(points) < 2:
        return SafeString("")
    low, high = min(0.0, *points), max(points)
    step, span = WIDTH / (len(points) - 1), (high - low) or 1.0
    places = [(place * step, HEIGHT - 3 - (value - low) / span * (HEIGHT - 6)) for place, value in enumerate(points)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return format_html(
        '<svg class="desk-chart" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<polygon class="area" points="0,{} {} {},{}"/><polyline class="line" points="{}"/></svg>',
        WIDTH, HEIGHT, HEIGHT, line, WIDTH, HEIGHT, line,
    )  # fmt: skip
