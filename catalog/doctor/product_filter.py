"""The list of products narrowed to those with which the doctor has found something amiss."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.doctor.checks import CHECKS, list_checks
from catalog.doctor.tables import Finding
from catalog.models import Product


class FindingFilter(admin.SimpleListFilter):
    """By check, such as near-duplicates: the products that open findings are of, and those beside them."""

    title = _("found by the doctor")
    parameter_name = "finding"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(check.name, str(check.title)) for check in list_checks()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() not in CHECKS:
            return queryset
        found = Finding.objects.open().filter(check_name=self.value()).order_by()
        beside = found.filter(other__isnull=False).values("other_id")
        return queryset.filter(pk__in=found.values("product_id").union(beside))
