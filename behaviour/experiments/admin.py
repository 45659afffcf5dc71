"""Experiments in the admin: drafted, started, watched, stopped, and promoted where one arm has won."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from api.confirmation import ask_first
from behaviour.experiments import words
from behaviour.experiments.admin_forms import ArmForm, ExperimentForm, PlanForm, VisitorForm
from behaviour.experiments.deeds import offer_deeds
from behaviour.experiments.experiment import Arm, Experiment, GuardRail
from behaviour.experiments.lifecycle import ExperimentError
from behaviour.experiments.overview import describe_experiment
from behaviour.experiments.running import keep_trials
from catalog.desk.pages import Group
from embeddings.spaces.lifecycle import SpaceError


class ArmInline(admin.TabularInline[Arm, Experiment]):
    model = Arm
    form = ArmForm
    extra = 0
    min_num = 2
    verbose_name_plural = _("Arms: the first is the control")


class GuardRailInline(admin.TabularInline[GuardRail, Experiment]):
    model = GuardRail
    extra = 0


@admin.register(Experiment)
class ExperimentAdmin(admin.ModelAdmin[Experiment]):
    """A draft is a form; what was started is a page of results, and cannot be changed any more."""

    desk_group = Group.RESULTS
    desk_part = "visits"
    desk_order = 20
    form = ExperimentForm
    inlines = (ArmInline, GuardRailInline)
    list_display = ("title", "scope", "status", "started_at")
    list_filter = ("status", "method")
    search_fields = ("name", "title", "placement")
    list_per_page = 50
    prepopulated_fields = {"name": ("title",)}
    change_form_template = "admin/behaviour/experiment/change_form.html"
    fieldsets = (
        (None, {"fields": ("title", "name")}),
        (_("Which lists"), {"fields": (("placement", "strategy"),)}),
        (_("How it is decided"), {"fields": ("method", ("metric", "currency"), "planned_units")}),
    )

    class Media:
        css = {"all": ("behaviour/experiments.css",)}

    @admin.display(description=_("lists"))
    def scope(self, experiment: Experiment) -> str:
        return words.say_scope(experiment)

    def has_change_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """Only a draft is changed by its form; the buttons ask `may_act`."""
        return super().has_change_permission(request, obj) and (obj is None or obj.status == Experiment.Status.DRAFT)

    def has_delete_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """What runs is stopped first."""
        is_running = obj is not None and obj.status == Experiment.Status.RUNNING
        return super().has_delete_permission(request, obj) and not is_running

    def get_prepopulated_fields(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        return self.prepopulated_fields if obj is None else {}

    def get_readonly_fields(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        return ("name",) if obj else ()

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.act))
        tell = self.admin_site.admin_view(require_POST(self.tell_arm))
        return [
            path("<int:experiment_id>/do/<slug:deed>/", act, name="behaviour_experiment_do"),
            path("<int:experiment_id>/arm/", tell, name="behaviour_experiment_arm"),
            *super().get_urls(),
        ]

    def response_add(self, request: HttpRequest, obj: Experiment, *args: Any) -> HttpResponse:
        """Its own page comes next: who sees what, and the button that starts it."""
        return redirect("admin:behaviour_experiment_change", obj.pk)

    def response_change(self, request: HttpRequest, obj: Experiment) -> HttpResponse:
        return redirect("admin:behaviour_experiment_change", obj.pk)

    def delete_model(self, request: HttpRequest, obj: Experiment) -> None:
        super().delete_model(request, obj)
        keep_trials(None)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Experiment]) -> None:
        super().delete_queryset(request, queryset)
        keep_trials(None)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What was counted goes with it, of which there may be a row for each visitor. What runs is kept."""
        running = [str(experiment) for experiment in objs if experiment.status == Experiment.Status.RUNNING]
        return [str(experiment) for experiment in objs], {}, set(), running

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        experiment = self.get_object(request, object_id)
        context = self.describe(request, experiment) if experiment else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def describe(self, request: HttpRequest, experiment: Experiment) -> dict[str, Any]:
        """Return what the page says above the form."""
        plan = PlanForm(request.GET if "rate" in request.GET else None)
        return {
            "experiment": experiment,
            "overview": describe_experiment(experiment),
            "deeds": list(offer_deeds(experiment)) if self.may_act(request) else [],
            "visitor_form": VisitorForm(),
            "plan_form": plan,
            "plan": plan.make_plan() if plan.is_valid() else None,
            "is_draft": experiment.status == Experiment.Status.DRAFT,
        }

    def may_act(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    def tell_arm(self, request: HttpRequest, experiment_id: int) -> HttpResponse:
        """Say which arm a visitor gets. Posted, so that no log has who was asked about."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form, arm = VisitorForm(request.POST), None
        if form.is_valid():
            arm = form.find_arm(get_object_or_404(Experiment, pk=experiment_id))
        if arm:
            said = gettext("This visitor gets %(arm)s: %(changes)s.")
            self.message_user(request, said % {"arm": arm.name, "changes": words.say_changes(arm)})
        else:
            self.message_user(request, gettext("Give the id of a user or of a session."), messages.WARNING)
        return redirect("admin:behaviour_experiment_change", experiment_id)

    def act(self, request: HttpRequest, experiment_id: int, deed: str) -> HttpResponse:
        """Do what a button says, once it was asked whether that is meant."""
        if not self.may_act(request):
            raise PermissionDenied
        experiment = get_object_or_404(Experiment, pk=experiment_id)
        chosen = next((offered for offered in offer_deeds(experiment) if offered.name == deed), None)
        if chosen is None:  # someone was quicker, and the page shows it as it stands now
            return redirect("admin:behaviour_experiment_change", experiment_id)
        if chosen.consequences:
            question = f"{experiment.title}: {chosen.label}?"
            if page := ask_first(self, request, question=question, consequences=chosen.consequences):
                return page
        try:
            shown = chosen.do(experiment)
        except (ExperimentError, SpaceError) as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:behaviour_experiment_change", experiment_id)
        self.message_user(request, chosen.said)
        return redirect("admin:behaviour_experiment_change", shown.pk)
