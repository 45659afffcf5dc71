"""Merchandising rules in the admin, with their effect beside the form."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from catalog.desk.pages import Group
from catalog.product_desk.parts import FittingAdmin
from recommendations.curation import pages as board_pages  # noqa: F401  on the desk by being imported
from recommendations.curation.admin import KeepsHistory
from recommendations.curation.calendar_page import rule_calendar_page as rule_calendar_page  # likewise
from recommendations.curation.conflicts import BOTH, LOSES, WINS, find_conflicts
from recommendations.curation.names_admin import CompletesNames
from recommendations.curation.names_page import rule_names_page as rule_names_page  # likewise
from recommendations.curation.window_admin import StartsInWindow
from recommendations.dial import pages as dial_pages  # noqa: F401  likewise
from recommendations.doctor.pages import near_duplicates_page as near_duplicates_page  # on the desk by being imported
from recommendations.golden import pages as golden_pages  # noqa: F401  on the desk by being imported
from recommendations.golden.admin import GoldenPairAdmin as GoldenPairAdmin  # registered by being imported
from recommendations.in_force_admin import StateFilter
from recommendations.models import Rule, default_strategies
from recommendations.product_admin import near_duplicates_panel as near_duplicates_panel  # shown by being imported
from recommendations.rule_preview import preview_rule
from recommendations.search.admin import SearchRuleAdmin as SearchRuleAdmin  # registered by being imported
from recommendations.search.rules import list_rule_strategies
from recommendations.spaces_desk import blind_pages as blind_pages  # on the desk by being imported
from recommendations.spaces_desk import pages as spaces_pages  # noqa: F401
from recommendations.vitals import tiles  # noqa: F401  likewise

LABELS = {WINS: _("wins"), LOSES: _("loses"), BOTH: _("both count")}  # what becomes of a rule beside another


class RuleForm(forms.ModelForm[Rule]):
    """Strategies are chosen; placements are the shop's own names."""

    strategies = forms.MultipleChoiceField(
        choices=list_rule_strategies,
        initial=default_strategies,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Strategies"),
        help_text=_(str(Rule._meta.get_field("strategies").help_text)),
    )


def is_over(rule: Rule) -> bool:
    return rule.ends_at is not None and rule.ends_at <= timezone.now()


class RuleList(ChangeList):
    """A page of rules, each with what contradicts it, which is looked up for all of them together."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rules = [rule for rule in self.result_list if rule.is_active and not is_over(rule)]
        for rule, conflicts in zip(rules, find_conflicts(rules), strict=True):
            rule.conflicts = conflicts


@admin.register(Rule)
class RuleAdmin(KeepsHistory, CompletesNames, StartsInWindow, FittingAdmin):
    """Every change of the form shows at once what it would do."""

    desk_group = Group.RECOMMENDATIONS
    desk_order = 10
    list_display = ("name", "kind", "where", "target", "strength", "current_state", "contradictions")
    list_filter = ("kind", StateFilter)
    list_select_related = ("anchor__category", "anchor_category", "target__category", "target_category")
    search_fields = ("note", "anchor__sku", "anchor__title", "target__sku", "target__title", "target_brand")
    autocomplete_fields = ("anchor", "anchor_category", "target", "target_category")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("kind", "note", "is_active")}),
        (_("In which lists"), {"fields": (("strategies", "placements"), "anchor", "anchor_category")}),
        (
            _("What it acts on: one of these"),
            {"fields": ("target", "target_brand", "target_category", ("target_attribute", "target_value"))},
        ),
        (_("How, and when"), {"fields": (("position", "factor"), ("starts_at", "ends_at"))}),
    )
    form = RuleForm
    list_per_page = 50
    change_form_template = "recommendations/rule_form.html"

    class Media:
        js = ("recommendations/rule_preview.js",)
        css: ClassVar[Any] = {"all": ("recommendations/rule_preview.css",)}

    @admin.display(description=_("rule"))
    def name(self, rule: Rule) -> str:
        return str(rule)

    @admin.display(description=_("where"))
    def where(self, rule: Rule) -> str:
        return str(rule.anchor or rule.anchor_category or gettext("everywhere"))

    @admin.display(description=_("Target"))
    def target(self, rule: Rule) -> str:
        return rule.target_text()

    @admin.display(description=_("how"))
    def strength(self, rule: Rule) -> str:
        if rule.kind == Rule.Kind.PIN:
            return gettext("at %d") % rule.position
        sign = {Rule.Kind.BOOST: "×", Rule.Kind.BURY: "÷"}.get(Rule.Kind(rule.kind))
        return f"{sign} {rule.factor:g}" if sign else ""

    @admin.display(description=_("state"))
    def current_state(self, rule: Rule) -> str:
        return (rule.find_missing() if rule.is_active else "") or rule.state(at=timezone.now())

    @admin.display(description=_("conflicts"))
    def contradictions(self, rule: Rule) -> str:
        """Name the first rule that says otherwise, and how many more do; the form of the rule says the rest."""
        conflicts = getattr(rule, "conflicts", ())
        if not conflicts:
            return "–"
        first = conflicts[0]
        address = reverse("admin:recommendations_rule_change", args=[first.other.pk])
        more = f" + {len(conflicts) - 1}" if len(conflicts) > 1 else ""
        label = LABELS[conflicts[0].outcome]
        return format_html(
            '<span class="desk-tag">{}</span> <a href="{}">{}</a>{}', label, address, conflicts[0].other, more
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RuleList

    def get_urls(self) -> list[URLPattern]:
        preview = path("preview/", self.admin_site.admin_view(require_POST(self.preview)), name="rule_preview")
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """The effect of the form as it stands, as a piece of HTML. Nothing is saved."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        number = request.GET.get("rule", "")
        saved = Rule.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 19 else None
        form = self.get_form(request, obj=saved, change=saved is not None)(request.POST, instance=saved)
        sku = request.POST.get("preview_sku", "").strip()
        shown = preview_rule(form.instance, sku=sku) if form.is_valid() else None
        return render(request, "recommendations/rule_preview.html", {"form": form, "preview": shown, "sku": sku})
