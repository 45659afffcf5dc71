"""Rules about searches in the admin: each leads to the search that it is about."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.desk.pages import Group
from catalog.product_desk.parts import FittingAdmin
from recommendations.curation.admin import KeepsHistory
from recommendations.curation.names_admin import CompletesNames
from recommendations.curation.window_admin import StartsInWindow
from recommendations.in_force_admin import StateFilter
from recommendations.search.rule import SearchRule, split_phrases


@admin.register(SearchRule)
class SearchRuleAdmin(KeepsHistory, CompletesNames, StartsInWindow, FittingAdmin):
    """What shoppers write, and what staff decided about it."""

    desk_group = Group.RECOMMENDATIONS
    desk_order = 20
    list_display = ("query", "kind", "where", "effect", "note", "current_state", "try_it")
    list_filter = ("kind", "match", StateFilter)
    list_select_related = ("target", "target_category")
    search_fields = ("query", "meant", "note", "url", "target__sku", "target__title", "target_brand")
    autocomplete_fields = ("target", "target_category")
    readonly_fields = ("try_it",)
    list_per_page = 50
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("kind", "query", "match", "try_it", "note", "is_active")}),
        (_("Pin or leave out"), {"fields": ("target", "position", "target_brand", "target_category")}),
        (_("Words mean other words"), {"fields": ("meant", "is_one_way")}),
        (_("Go to another page"), {"fields": ("url",)}),
        (_("When"), {"fields": (("starts_at", "ends_at"),)}),
    )

    @admin.display(description=_("match"), ordering="match")
    def where(self, rule: SearchRule) -> str:
        return "" if rule.kind == SearchRule.Kind.SYNONYM else str(rule.get_match_display())

    @admin.display(description=_("effect"))
    def effect(self, rule: SearchRule) -> str:
        arrow = "→" if rule.is_one_way or rule.kind != SearchRule.Kind.SYNONYM else "↔"
        return f"{arrow} {rule.effect_text()}"

    @admin.display(description=_("state"))
    def current_state(self, rule: SearchRule) -> str:
        return rule.state(at=timezone.now())

    @admin.display(description=_("try it"))
    def try_it(self, rule: SearchRule) -> SafeString | str:
        """A link to the shop's search for the first of the words."""
        phrases = split_phrases(rule.query)
        if not phrases:
            return "–"
        address = f"{reverse('search_page')}?{urlencode({'q': phrases[0]})}"
        return format_html('<a href="{}">{}</a>', address, gettext("Search for %s") % phrases[0])
