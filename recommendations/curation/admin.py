"""Rules in the admin keep their history, whichever form or action changes them."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from recommendations.curation.history import change_rule


class KeepsHistory(admin.ModelAdmin[Any]):
    """Writes down what is saved and deleted, so that it can be undone."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        change_rule(obj, obj.save, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        change_rule(obj, obj.delete, by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """All of them are one deed. Each is deleted by itself: a rule about searches takes its words along."""
        together = uuid.uuid4()
        with transaction.atomic():
            for rule in queryset:
                change_rule(rule, rule.delete, by=request.user, deed=together)
