"""Wordings in the admin: names of the catalogue in other languages, edited in the list itself."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.admin_lists import BoundedAdmin
from catalog.desk.pages import Group
from catalog.models import Wording
from catalog.wordings.lexicon import forget_wordings


@admin.register(Wording)
class WordingAdmin(BoundedAdmin):
    desk_group = Group.CATALOGUE
    desk_order = 25
    list_display = ("name", "kind", "language", "text")
    list_editable = ("text",)
    list_filter = ("kind",)
    search_fields = ("name", "text")
    search_help_text = _("Name or text")
    ordering = ("language", "kind", "name")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Wording]) -> None:
        super().delete_queryset(request, queryset)
        forget_wordings()
