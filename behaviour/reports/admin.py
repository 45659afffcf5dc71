"""Performance in the admin: one page instead of a list of rows."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from behaviour.reports.answers import build_table
from behaviour.reports.attribution import read_window
from behaviour.reports.daily_counts import DailyTotal
from behaviour.reports.page import USUAL, describe_performance, read_group, read_period
from behaviour.reports.performance import Performance, Period, read_performance
from behaviour.reports.product_admin import performance_panel as performance_panel  # shown by being imported
from catalog.admin_lists import ReadOnlyAdmin
from catalog.desk.pages import Group

NAMES = {
    "placement": _("Placement"), "strategy": _("Strategy"), "space": _("Space"), "category": _("Category"),
    "day": _("Day"),
}  # fmt: skip


@admin.register(DailyTotal)
class PerformanceAdmin(ReadOnlyAdmin):
    """What lists were shown, clicked, and brought in; for whoever may view performance."""

    desk_group = Group.RESULTS
    desk_part = "visits"
    desk_order = 10

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        period, by = read_period(request.GET), read_group(request.GET)
        found = read_performance(period, by=by)
        if "export" in request.GET:
            return export_table(found)
        may_see_events = request.user.has_perm("behaviour.view_event")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Performance"),
            "opts": self.opts,
            "cl": None,
            "period": period,
            "usual": [(days, period == Period.last(days)) for days in USUAL],
            "by": by,
            "by_name": NAMES[by],
            "groups": [(name, said, name == by) for name, said in NAMES.items()],
            "hours": f"{read_window() / timedelta(hours=1):g}",
            "counted_at": found.counted_at,
            "is_empty": not found.rows,
            "is_new": not found.rows and not DailyTotal.objects.exists(),
            **(describe_performance(found, may_see_events=may_see_events) if found.rows else {}),
        }
        return TemplateResponse(request, "admin/behaviour/performance.html", context)


def export_table(found: Performance) -> HttpResponse:
    """Return all rows as CSV."""
    name = f"performance-by-{found.by}-{found.period.since}-{found.period.until}.csv"
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write("\ufeff")  # or Excel takes it for another encoding
    csv.writer(response).writerows(build_table(found))
    return response
