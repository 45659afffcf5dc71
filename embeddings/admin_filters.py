"""What staff narrow lists of vectors by."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from embeddings.models import PendingEmbedding


class WaitingFilter(admin.SimpleListFilter):
    """By what a product waits for."""

    title = _("waits for")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("turn", gettext("Its turn")),
            ("retry", gettext("Another try")),
            ("change", gettext("A change of the product")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PendingEmbedding]) -> QuerySet[PendingEmbedding]:
        conditions = {
            "turn": Q(retry_at__lte=timezone.now()),
            "retry": Q(retry_at__gt=timezone.now()),
            "change": Q(retry_at=None),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))
