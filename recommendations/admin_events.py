"""What shoppers did, in the admin: read alone, newest first, at a cost that no number of events raises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin_lists import ReadOnlyAdmin
from recommendations.events import Event

MAY_SEE_SESSIONS = "recommendations.see_sessions"
PSEUDONYM_LENGTH = 8
FIELDS = (
    "occurred_at", "received_at", "type", "product_link", "quantity", "placement", "strategy", "position",
    "recommendation_id", "session", "user", "event_id",
)  # fmt: skip
PERIODS = {"today": 0, "yesterday": 1, "week": 6}  # days before today that a period begins


class DayFilter(admin.SimpleListFilter):
    """By when it happened, in days of the shop's time zone."""

    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", gettext("Today")), ("yesterday", gettext("Yesterday")), ("week", gettext("Past 7 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        period = self.value() or ""
        if period not in PERIODS:
            return queryset
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        found = queryset.filter(occurred_at__gte=midnight - timedelta(days=PERIODS[period]))
        return found.filter(occurred_at__lt=midnight) if period == "yesterday" else found


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Whose session it was is for those alone who may see sessions; others tell one from another."""

    list_display = ("occurred_at", "type", "product_link", "placement", "place", "session", "recommendation_id")
    list_display_links = ("occurred_at",)
    list_filter = ("type", DayFilter)
    search_fields = ("sku",)
    search_help_text = _("SKU, as it was sent")
    ordering = ("-occurred_at", "-id")
    sortable_by = ()

    def get_list_display(self, request: HttpRequest) -> Any:
        return name_people(self.list_display, request)

    def get_fields(self, request: HttpRequest, obj: Event | None = None) -> Any:
        return name_people(FIELDS, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        sku = search_term.strip()
        return (queryset.filter(sku=sku) if sku else queryset), False

    @admin.display(description=_("SKU"))
    def product_link(self, event: Event) -> str:
        """The SKU, which leads to the product where it is still there."""
        if event.product_id is None:
            return event.sku
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:catalog_product_change", args=[event.product_id]), event.sku
        )

    @admin.display(description=_("position"))
    def place(self, event: Event) -> str:
        return " · ".join(filter(None, (event.strategy, str(event.position or ""))))

    @admin.display(description=_("session"))
    def session(self, event: Event) -> str:
        return make_pseudonym(event.session_id)

    @admin.display(description=_("user"))
    def user(self, event: Event) -> str:
        return make_pseudonym(event.user_id)


def name_people(names: Sequence[str], request: HttpRequest) -> list[str]:
    """Return the columns with whose events they are as it was sent, for those alone who may see that."""
    if not request.user.has_perm(MAY_SEE_SESSIONS):
        return list(names)
    return [f"{name}_id" if name in ("session", "user") else name for name in names]


def make_pseudonym(name: str) -> str:
    """Return what tells one session from another, and tells nobody which it was."""
    return salted_hmac("recommendations.admin_events", name).hexdigest()[:PSEUDONYM_LENGTH] if name else ""
