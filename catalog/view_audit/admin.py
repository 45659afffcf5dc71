"""Who saw what, in the admin: to be searched and taken away as CSV by who may, and changed by nobody."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin_lists import ReadOnlyAdmin
from catalog.desk.pages import Group
from catalog.importers.formulas import guard_cell
from catalog.models import ViewRecord
from catalog.view_audit.asked import audits_views

NAMED = 3  # SKUs of a list, beside how many more there are
PERIODS = {"day": 1, "week": 7, "month": 31}  # days
COLUMNS = ("seen_at", "username", "user_number", "api_key", "address", "page", "path", "opened", "shown", "opened_from")
READ_AT_ONCE = 2000  # rows


class PeriodFilter(admin.SimpleListFilter):
    """By how long ago it was."""

    title = _("time")
    parameter_name = "time"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("day", gettext("Past day")), ("week", gettext("Past 7 days")), ("month", gettext("Past month"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ViewRecord]) -> QuerySet[ViewRecord]:
        days = PERIODS.get(self.value() or "")
        return queryset.filter(seen_at__gte=timezone.now() - timedelta(days=days)) if days else queryset


@admin.register(ViewRecord)
class ViewRecordAdmin(ReadOnlyAdmin):
    """Rows are searched for by what has an index: a SKU or a user, each whole."""

    desk_group = Group.MACHINE
    list_display = ("moment", "who", "cases", "page", "opened_from", "address")
    list_filter = (PeriodFilter,)
    search_fields = ("opened",)
    search_help_text = _("SKU or name of a user, whole")
    ordering = ("-seen_at", "-id")
    actions = ("export_views",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """In the menu where views are audited; what was kept before stays at its address."""
        return audits_views() and super().has_module_permission(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ViewRecord], search_term: str
    ) -> tuple[QuerySet[ViewRecord], bool]:
        term = search_term.strip()
        return (queryset.filter(Q(shown__contains=[term]) | Q(username=term)) if term else queryset), False

    @admin.display(description=_("seen at"))
    def moment(self, record: ViewRecord) -> str:
        """To the second, in the shop's time zone."""
        return date_format(timezone.localtime(record.seen_at), "Y-m-d H:i:s")

    @admin.display(description=_("who"))
    def who(self, record: ViewRecord) -> str:
        return record.username or record.api_key

    @admin.display(description=_("shown"))
    def cases(self, record: ViewRecord) -> str:
        """What was opened, or the first of a list, and how many more were shown beside it."""
        named = [record.opened] if record.opened else record.shown[:NAMED]
        more = len(record.shown) - len(named)
        return " ".join([*named, *([f"+{more}"] if more > 0 else [])])

    @admin.action(description=_("Export the selected views as CSV"), permissions=["view"])
    def export_views(self, request: HttpRequest, queryset: QuerySet[ViewRecord]) -> StreamingHttpResponse:
        response = StreamingHttpResponse(write_rows(queryset), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="views.csv"'
        return response


class Line:
    """What the csv module writes to: it gives each line back."""

    def write(self, text: str) -> str:
        return text


def write_rows(records: QuerySet[ViewRecord]) -> Iterator[str]:
    """Yield the lines of a CSV file, a header first, without holding more than a few rows."""
    writer = csv.writer(Line())
    yield writer.writerow(COLUMNS)
    for row in records.values_list(*COLUMNS).iterator(chunk_size=READ_AT_ONCE):
        at, *others = row
        texts = ["|".join(one) if isinstance(one, list) else str("" if one is None else one) for one in others]
        yield writer.writerow([at.isoformat(), *map(guard_cell, texts)])
