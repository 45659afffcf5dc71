"""Golden pairs in the admin: for looking, searching, and taking out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from catalog.admin_lists import BoundedAdmin
from catalog.desk.pages import Group
from recommendations.golden.exchange import respond_with_csv
from recommendations.golden.pair import GoldenJudgement, GoldenPair, GoldenPairQuerySet


class JudgementInline(admin.TabularInline[GoldenJudgement, GoldenPair]):
    """Who said what of a pair. Nobody edits what another has said."""

    model = GoldenJudgement
    extra = 0
    fields = readonly_fields = ("user", "grade", "judged_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(GoldenPair)
class GoldenPairAdmin(BoundedAdmin):
    """Pairs come from the queue and from files, so there is no form to add one."""

    desk_group = Group.RECOMMENDATIONS
    list_display = ("__str__", "counting_grade", "grade_count", "origin", "created_at")
    list_filter = ("origin",)
    list_select_related = ("first", "second")
    search_fields = ("first__sku", "second__sku")
    fields = readonly_fields = ("first", "second", "origin", "created_at")
    inlines = (JudgementInline,)
    actions = ("export",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[GoldenPair]:
        rows: GoldenPairQuerySet = super().get_queryset(request)  # type: ignore[assignment]
        return rows.with_grades()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Not in the menu, where the queue stands, which leads here."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("grade"))
    def counting_grade(self, pair: GoldenPair) -> str:
        return "" if pair.grade is None else str(GoldenJudgement(grade=pair.grade).get_grade_display())

    @admin.display(description=_("judged by"))
    def grade_count(self, pair: GoldenPair) -> int:
        return pair.grade_count

    @admin.action(description=_("Export as CSV"), permissions=["view"])
    def export(self, request: HttpRequest, queryset: GoldenPairQuerySet) -> HttpResponse:
        return respond_with_csv(queryset)
