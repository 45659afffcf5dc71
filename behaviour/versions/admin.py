"""Versions in the admin. Nothing is learned here: builds are handed to the worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from api.confirmation import ask_first
from api.worker_bell import tell_worker
from behaviour.tasks import build_version
from behaviour.versions import lifecycle
from behaviour.versions.agreement import compare_versions
from behaviour.versions.consequences import ask_drop, ask_promote
from behaviour.versions.lifecycle import BUILD_LOCK, VersionError
from behaviour.versions.nights import find_unfinished
from behaviour.versions.version import Neighbours, Ranking, Status, Version
from catalog.desk.json_table import show_json
from catalog.desk.pages import Group
from embeddings.spaces.consequences import Question
from embeddings.spaces.locks import read_holder

BREAK = mark_safe("<br>")
STALLED_AFTER = timedelta(minutes=30)  # what is learned at once, says nothing meanwhile
STAGES = {
    "read": _("read events"),
    "choose": _("choose settings"),
    "validate": _("validate"),
    "learn": _("learn"),
    **{value: _(str(label)) for value, label in Neighbours.Kind.choices},
    "rankings": _("rankings"),
    "profiles": _("for each user"),
}
WORDS = {  # of figures
    "orders": _("Bought"),
    "views": _("Looked at"),
    **{value: _(str(label)) for value, label in [*Neighbours.Kind.choices, *Ranking.Kind.choices]},
    "next": _("Next order of a customer"),
    "profiles": _("for each user"),
}


@admin.register(Version)
class VersionAdmin(admin.ModelAdmin[Version]):
    desk_group = Group.RECOMMENDATIONS
    desk_order = 50
    list_display = ("named", "state", "learned_from", "measured", "facts_until", "promoted_at")
    actions = ("promote", "compare", "drop")
    fields = (
        "name", "state", "learned_from", "measured", "rows", "failure", "facts_until", "created_at", "finished_at",
        "promoted_at", "retired_at", "learned_with",
    )  # fmt: skip

    class Media:
        js = ("catalog/live.js",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # "Build now" makes one

    def has_change_permission(self, request: HttpRequest, obj: Version | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Version | None = None) -> bool:
        return False  # "Drop" takes the rows too, and spares the live version

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("build/", wrap(require_POST(self.build)), name="behaviour_version_build"),
            path("roll-back/", wrap(require_POST(self.roll_back)), name="behaviour_version_roll_back"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        may_change = self.has_change_permission(request)
        context = {
            "rollback_target": may_change and Version.objects.rollback_target(),
            "may_build": may_change,
            "is_building": Version.objects.filter(status=Status.BUILDING).exists(),
        }
        return super().changelist_view(request, extra_context=context | (extra_context or {}))

    @admin.display(description=_("Name"), ordering="name")
    def named(self, version: Version) -> str:
        return format_html('<span class="nowrap">{}</span>', version.name)  # a date, which would break at each hyphen

    @admin.display(description=_("Status"), ordering="status")
    def state(self, version: Version) -> str:
        return format_html('<span data-live="state-{}">{}</span>', version.pk, word_state(version))

    @admin.display(description=_("Learned from"))
    def learned_from(self, version: Version) -> str:
        return show_figures(version.figures.get("facts", {}))

    @admin.display(description=_("Validation"))
    def measured(self, version: Version) -> str:
        return show_figures(version.figures.get("validation", {}))

    @admin.display(description=_("settings"))
    def learned_with(self, version: Version) -> str:
        return show_json(version.settings)

    @admin.display(description=_("Rows"))
    def rows(self, version: Version) -> str:
        return show_figures(version.figures.get("rows", {}))

    def build(self, request: HttpRequest) -> HttpResponse:
        """Have the worker build a version of all events up to now, or go on with the one that was interrupted."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        back = HttpResponseRedirect(reverse("admin:behaviour_version_changelist"))
        if holder := read_holder(BUILD_LOCK):
            self.message_user(request, gettext("A version is built already: %s.") % holder.description, messages.ERROR)
            return back
        version = find_unfinished() or lifecycle.create_version()
        if tell_worker(partial(build_version.delay, version.name)):
            said = gettext("%s is built by the worker; this page shows how far it is.") % version.name
            self.message_user(request, said)
        else:
            said = gettext("The broker does not answer: start it, then build again.")
            self.message_user(request, said, messages.ERROR)
        return back

    @admin.action(description=_("Promote: serve it from now on"), permissions=["change"])
    def promote(self, request: HttpRequest, queryset: QuerySet[Version]) -> HttpResponse | None:
        def promote_one(version: Version) -> str:
            before = lifecycle.promote(version)
            if before is None:
                return gettext("%s is live.") % version.name
            said = gettext("%(name)s is live; %(before)s can be rolled back to.")
            return said % {"name": version.name, "before": before.name}

        return self._for_one(request, queryset, promote_one, ask=ask_promote)

    @admin.action(description=_("Compare with the live version"), permissions=["view"])
    def compare(self, request: HttpRequest, queryset: QuerySet[Version]) -> None:
        live = Version.objects.live()
        for version in queryset:
            try:
                self.message_user(request, describe_agreement(version, live))
            except VersionError as error:
                self.message_user(request, str(error), messages.WARNING)

    @admin.action(description=_("Drop, with its rows"), permissions=["change"])
    def drop(self, request: HttpRequest, queryset: QuerySet[Version]) -> HttpResponse | None:
        def drop_one(version: Version) -> str:
            lifecycle.drop_version(version)
            return gettext("%s is gone.") % version.name

        return self._for_one(request, queryset, drop_one, ask=ask_drop)

    def roll_back(self, request: HttpRequest) -> HttpResponse:
        """Serve again the version that was served before."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        target = Version.objects.rollback_target()
        if target and (page := ask_first(self, request, **ask_promote(target))):
            return page
        try:
            self.message_user(request, gettext("%s is live again.") % lifecycle.roll_back().name)
        except VersionError as error:
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:behaviour_version_changelist"))

    def _for_one(
        self,
        request: HttpRequest,
        queryset: QuerySet[Version],
        act: Callable[[Version], str],
        *,
        ask: Callable[[Version], Question],
    ) -> HttpResponse | None:
        """Ask, and once it is meant, act on the one version that is selected."""
        if queryset.count() != 1:
            self.message_user(request, gettext("Select one version."), messages.WARNING)
            return None
        version = queryset.get()
        if page := ask_first(self, request, queryset=queryset, **ask(version)):
            return page
        try:
            self.message_user(request, act(version))
        except VersionError as error:
            self.message_user(request, str(error), messages.ERROR)
        return None


def word_state(version: Version) -> str:
    """Return the state in words; with a bar where it is being built."""
    label = str(version.get_status_display())
    if version.status == Status.FAILED:
        return f"{label}: {version.failure[:200]}"
    if version.status != Status.BUILDING:
        return label
    if not version.progress:
        return gettext("Waits to be built")
    told = version.progress | {"stage": STAGES.get(version.progress["stage"], version.progress["stage"])}
    step = str(gettext("%(stage)s %(done)s of %(total)s") % told)
    if timezone.now() - datetime.fromisoformat(told["at"]) > STALLED_AFTER:
        return gettext("Interrupted at %s: build it again to go on") % step
    share = f"{told['done'] / max(told['total'], 1):.3f}"
    return format_html('{}: {} <progress value="{}" max="1"></progress>', label, step, share)


def show_figures(figures: dict[str, Any]) -> SafeString | str:
    """Return each figure on a line of its own, with its name; counts by thousands, measures to three places."""
    if not figures:
        return "-"
    ordered = [name for name in WORDS if name in figures] + sorted(set(figures) - set(WORDS))  # jsonb keeps no order
    lines = ((WORDS.get(name, name), format_figure(figures[name])) for name in ordered)
    return format_html_join(BREAK, "{}: {}", lines)


def format_figure(figure: float) -> str:
    return number_format(figure, 3 if isinstance(figure, float) else None, force_grouping=True)


def describe_agreement(version: Version, live: Version | None) -> str:
    """Say what a version's lists share with the live one's. Raises VersionError where they cannot be compared."""
    if live is None:
        raise VersionError(gettext("No version is served now."))
    shares = ", ".join(f"{WORDS[one.kind]} {one.mean:.0%}" for one in compare_versions(live, version))
    said = gettext("Of the first 10 neighbours, %(name)s shares with %(live)s: %(shares)s.")
    return said % {"name": version.name, "live": live.name, "shares": shares}
