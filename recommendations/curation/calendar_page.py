"""The calendar of rules on the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from catalog.desk.pages import Group, desk_page, render_desk
from catalog.models import Category
from recommendations.curation.calendar import (
    DAYS,
    SEARCHES,
    Calendar,
    Row,
    Span,
    Wanted,
    midnight,
    read_calendar,
    read_span,
)
from recommendations.models import Rule

SHOWN_CATEGORIES = 200


@desk_page(
    "rule-calendar/",
    name="rule_calendar",
    title=_("Calendar of rules"),
    group=Group.RECOMMENDATIONS,
    permission="recommendations.view_rule",
)
@require_safe
def rule_calendar_page(request: HttpRequest) -> HttpResponse:
    """Six weeks from the one of `?week=2026-11-27` on, narrowed by `kind`, `category` (a path) and `always`."""
    span, wanted = read_span(request.GET.get("week", "")), read_wanted(request)
    calendar = read_calendar(span, wanted)
    context = {
        "title": gettext("Calendar of rules"),
        "span": span,
        "wanted": wanted,
        "calendar": calendar,
        "rows": [(row, address_of(row), say_window(row), say_days(row)) for row in calendar.rows],
        "kinds": [*Rule._meta.get_field("kind").flatchoices, (SEARCHES, gettext("Rules for searches"))],
        "categories": list_categories(),
        "weeks": list_weeks(request, span),
        "today": (timezone.localdate() - span.first).days + 1,
        "moves": list_moves(request, span),
        "days": DAYS,
        "agenda": list_agenda(calendar),
    }
    return render_desk(request, "admin/recommendations/rule_calendar.html", context)


def read_wanted(request: HttpRequest) -> Wanted:
    kind, category = request.GET.get("kind", ""), request.GET.get("category", "").replace("\x00", "")
    known = {*Rule.Kind.values, SEARCHES}
    return Wanted(kind=kind if kind in known else "", category=category, always="always" in request.GET)


def list_categories() -> list[tuple[str, str]]:
    """Return path and name of the two upper steps of the tree."""
    nodes = Category.objects.filter(Q(parent=None) | Q(parent__parent=None))[:SHOWN_CATEGORIES]
    return [(node.path, f"{'· ' * node.depth}{node.name}") for node in nodes]


def list_moves(request: HttpRequest, span: Span) -> list[tuple[str, str]]:
    """Return address and label of the links to other weeks."""

    def at(weeks: int | None) -> str:
        query = request.GET.copy()
        query.pop("week", None)
        if weeks is not None:
            query["week"] = (span.first + timedelta(weeks=weeks)).isoformat()
        return f"?{query.urlencode()}"

    return [
        (at(-6), gettext("← 6 weeks")),
        (at(-1), gettext("← 1 week")),
        (at(None), gettext("Today")),
        (at(1), gettext("1 week →")),
        (at(6), gettext("6 weeks →")),
    ]


def list_weeks(request: HttpRequest, span: Span) -> list[tuple[int, Any, Any, str]]:
    """Return for each week the number of its first day in the span, that day, its last, and where a rule is added."""
    return [(7 * number + 1, *week, add_address(request, week[0])) for number, week in enumerate(span.weeks)]


def add_address(request: HttpRequest, first: Any) -> str:
    """Return the address of the form for a new rule that holds in the week of that day; empty for who may not add."""
    if not request.user.has_perm("recommendations.add_rule"):
        return ""
    window = {
        "starts_at": midnight(first).isoformat(timespec="minutes"),
        "ends_at": midnight(first + timedelta(days=7)).isoformat(timespec="minutes"),
    }
    return f"{reverse('admin:recommendations_rule_add')}?{urlencode(window)}"


def address_of(row: Row) -> str:
    return reverse(f"admin:recommendations_{row.rule._meta.model_name}_change", args=[row.rule.pk])


def say_window(row: Row) -> str:
    """Return in words from when to when a rule holds, to the minute."""
    return _say_between(*(_say(moment, "SHORT_DATETIME_FORMAT") for moment in (row.rule.starts_at, row.rule.ends_at)))


def say_days(row: Row) -> str:
    """Return the same by days, as short as a bar wants it."""
    last = row.rule.ends_at - timedelta(microseconds=1) if row.rule.ends_at else None  # midnight ends the day before
    return _say_between(*(_say(moment, "MONTH_DAY_FORMAT") for moment in (row.rule.starts_at, last)))


def _say_between(starts: str, ends: str) -> str:
    if starts == ends and starts:
        return starts
    if starts and ends:
        return f"{starts} – {ends}"
    if starts:
        return gettext("from %s on") % starts
    return gettext("until %s") % ends if ends else gettext("always")


def _say(moment: Any, form: str) -> str:
    return date_format(timezone.localtime(moment), form) if moment else ""


def list_agenda(calendar: Calendar) -> list[tuple[Any, list[tuple[str, str, str]]]]:
    """Return the days on which something begins or ends: for each what happens, the rule's name and its address."""
    rows = {id(row.rule): address_of(row) for row in calendar.rows}
    return [
        (
            day.day,
            [(gettext("begins"), str(rule), rows[id(rule)]) for rule in day.starting]
            + [(gettext("ends"), str(rule), rows[id(rule)]) for rule in day.ending],
        )
        for day in calendar.agenda
    ]
