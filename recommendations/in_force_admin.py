"""What lists of staff's decisions in the admin have in common: a filter by whether one works now."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class StateFilter(admin.SimpleListFilter):
    """By whether a rule works now."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("now", gettext("In force")),
            ("later", gettext("Not yet")),
            ("over", gettext("Over")),
            ("off", gettext("Switched off")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        begun = Q(starts_at__isnull=True) | Q(starts_at__lte=now)
        over = Q(ends_at__isnull=False, ends_at__lte=now)
        conditions = {
            "now": Q(is_active=True) & begun & ~over,
            "later": Q(is_active=True) & ~begun,
            "over": Q(is_active=True) & over,
            "off": Q(is_active=False),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))
