"""Sources in the admin: what each does, what it would do, and what it waits for. The worker does all of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from api.confirmation import ask_first
from catalog.desk.pages import Group
from catalog.models import Source, SourceRun
from catalog.product_desk.parts import FittingAdmin
from catalog.sources.admin_forms import CREDENTIALS, SourceForm
from catalog.sources.advice import word_for_sources
from catalog.sources.deeds import DEEDS, offer_deeds
from catalog.sources.run_words import is_at_work, is_due, is_slow_to_begin, share_done, word_counts, word_state
from catalog.sources.steering import SourceError, request_run

HEAVY = ("rejected_rows", "reasons", "warnings", "vanished_examples")  # of a run; lists do without


@admin.register(Source)
class SourceAdmin(FittingAdmin):
    desk_group = Group.CATALOGUE
    desk_order = 30
    form = SourceForm
    list_display = ("source", "state", "last_run", "following", "is_enabled")
    list_filter = ("kind", "is_enabled")
    search_fields = ("name", "address")
    list_per_page = 50
    ordering = ("name",)
    sortable_by = ()
    change_form_template = "admin/catalog/source/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "kind", "address")}),
        (
            _("Credentials"),
            {
                "fields": CREDENTIALS,
                "classes": ("collapse",),
                "description": _("For a feed that asks to log in. They are sent over https to its own host alone."),
            },
        ),
        (
            _("How it is read"),
            {
                "fields": (
                    "schedule", "currency", "decimal", "shop_url", "language", "encoding", "pictures", "claims",
                ),
                "classes": ("collapse",),
            },
        ),
        (_("What becomes of products that vanish"), {"fields": ("vanished", "guard"), "classes": ("collapse",)}),
    )  # fmt: skip

    class Media:
        js = ("catalog/live.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        newest = SourceRun.objects.filter(source=OuterRef("source")).order_by("-id").values("pk")[:1]
        last = SourceRun.objects.filter(pk=Subquery(newest)).defer(*HEAVY)
        return super().get_queryset(request).prefetch_related(Prefetch("runs", last, to_attr="last_runs"))

    def get_readonly_fields(self, request: HttpRequest, obj: Source | None = None) -> Any:
        return ("name",) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Source | None = None) -> Any:
        """Credentials are nobody's to see: whoever may not change them is not shown their fields."""
        may_change = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        found = super().get_fieldsets(request, obj)
        return [section for section in found if may_change or section[1]["fields"] != CREDENTIALS]

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.act))
        return [path("<int:source_id>/do/<str:deed>/", act, name="catalog_source_do"), *super().get_urls()]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its runs go with it, and nobody has to look through them."""
        return [str(source) for source in objs], {}, set(), []

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        """Save what the form has and nothing else: a worker may be writing how a run of it ended."""
        if not change:
            obj.save()
        else:
            fields = [name for name in form.cleaned_data if name in {field.name for field in Source._meta.fields}]
            if "schedule" in form.changed_data and obj.is_enabled:
                obj.next_run_at = obj.timetable.next_after(timezone.now())
                fields.append("next_run_at")
            obj.save(update_fields=[*fields, "sealed_credentials", "read_as"])
        if not obj.is_tried:
            request_run(obj, SourceRun.Start.DRY_RUN)
            said = gettext("A dry run shows what %s would do. Nothing is loaded before you say so.")
            self.message_user(request, said % obj.name)

    def response_add(self, request: HttpRequest, obj: Source, *args: Any) -> HttpResponse:
        """Its own page comes next, for that is where it goes on."""
        return redirect("admin:catalog_source_change", obj.pk)

    @method_decorator(sensitive_post_parameters("secret"))  # lest a report of a fault has it
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        source = self.get_object(request, object_id)
        context = self.describe(source, may_act=self.has_change_permission(request, source)) if source else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def describe(self, source: Source, *, may_act: bool) -> dict[str, Any]:
        """Return what the page says of a source above its form."""
        last = source.runs.first()
        is_open = bool(last) and source.runs.filter(state__in=SourceRun.OPEN).exists()
        return {
            "source": source,
            "state": word_state(source, last),
            "last": last,
            "counts": last and word_counts(last),
            "share": last and share_done(last),
            "is_open": is_open,
            "is_at_work": is_open or is_due(source),
            "is_slow": last and is_slow_to_begin(last),
            "asking": source.asking_run if not source.decision else None,
            "deeds": list(offer_deeds(source, is_open=is_open)) if may_act else [],
            "runs_address": f"{reverse('admin:catalog_sourcerun_changelist')}?source__id__exact={source.pk}",
            "products_address": f"{reverse('admin:catalog_product_changelist')}?source={source.name}",
        }

    def act(self, request: HttpRequest, source_id: int, deed: str) -> HttpResponse:
        """Do what a button says, asked first where products go by it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        source, chosen = get_object_or_404(Source, pk=source_id), DEEDS.get(deed)
        back = redirect("admin:catalog_source_change", source_id)
        if chosen is None:
            return back
        if chosen.ask:
            question = f"{source.name}: {chosen.label}?"
            if page := ask_first(self, request, question=question, consequences=[chosen.ask(source)]):
                return page
        try:
            chosen.do(source)
            self.message_user(request, chosen.said % source.name)
        except SourceError as error:
            self.message_user(request, str(error), messages.ERROR)
        return back

    @admin.display(description=_("Source"), ordering="name")
    def source(self, source: Source) -> SafeString:
        path, has_query, _query = source.address.partition("?")  # many hold a key in it
        details = f"{source.get_kind_display()} · {path}{'?…' if has_query else ''}"
        return format_html('{}<span class="row-details row-address">{}</span>', source.name, details)

    @admin.display(description=_("State"))
    def state(self, source: Source) -> SafeString:
        last = _last_run(source)
        mark = " data-at-work" if is_at_work(source, last) else ""
        said = format_html("<strong>{}</strong>", word_state(source, last))
        return format_html('<span data-live="state-{}"{}>{}</span>', source.pk, SafeString(mark), said)

    @admin.display(description=_("Last run"))
    def last_run(self, source: Source) -> SafeString:
        last = _last_run(source)
        said = gettext("never")
        if last:
            since = gettext("%s ago") % timesince(last.ended_at or last.created_at, depth=1)
            details = word_for_sources(last.error) or ("" if last.state in SourceRun.OPEN else word_counts(last))
            said = format_html('{}: {}<span class="row-details">{}</span>', since, last.get_start_display(), details)
        return format_html('<span data-live="last-{}">{}</span>', source.pk, said)

    @admin.display(description=_("Next run"))
    def following(self, source: Source) -> str:
        if not source.next_run_at:
            return "–"
        if source.next_run_at <= timezone.now():
            return gettext("now")
        return gettext("in %s") % timeuntil(source.next_run_at, depth=1)


def _last_run(source: Source) -> SourceRun | None:
    return next(iter(source.last_runs), None)  # type: ignore[attr-defined]  # by get_queryset


@admin.register(SourceRun)
class SourceRunAdmin(admin.ModelAdmin[SourceRun]):
    """What runs did, for whoever may see sources. Nobody makes, changes or deletes one here."""

    desk_group = Group.CATALOGUE
    desk_order = 35
    list_display = ("started", "source", "start", "shown_state", "outcome")
    list_filter = ("source", "start", "state")
    list_select_related = ("source",)
    list_per_page = 50
    sortable_by = ()
    ordering = ("-id",)
    change_form_template = "admin/catalog/sourcerun/change_form.html"

    class Media:
        js = ("catalog/live.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SourceRun]:
        return super().get_queryset(request).defer("rejected_rows")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: SourceRun | None = None) -> bool:
        return request.user.has_perm("catalog.view_source")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SourceRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SourceRun | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        give = self.admin_site.admin_view(self.give_rejected)
        return [path("<int:run_id>/rejected.csv", give, name="catalog_sourcerun_rejected"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        said: dict[str, Any] = {}
        if run:
            is_open = run.state in SourceRun.OPEN
            said = {"run": run, "counts": word_counts(run), "share": share_done(run), "is_open": is_open}
            said["subtitle"] = f"{run.source} · {run.get_start_display()}"
        return super().change_view(request, object_id, form_url, said | (extra_context or {}))

    def give_rejected(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The rejected rows as CSV, with their reasons."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = get_object_or_404(SourceRun, pk=run_id)
        headers = {"Content-Disposition": f'attachment; filename="rejected-{run_id}.csv"'}
        return HttpResponse(f"\ufeff{run.rejected_rows}", content_type="text/csv; charset=utf-8", headers=headers)

    @admin.display(description=_("Started"))
    def started(self, run: SourceRun) -> str:
        return str(localize(timezone.localtime(run.started_at or run.created_at)))

    @admin.display(description=_("State"))
    def shown_state(self, run: SourceRun) -> SafeString:
        mark = " data-at-work" if run.state in SourceRun.OPEN else ""
        return format_html('<span data-live="state-{}"{}>{}</span>', run.pk, SafeString(mark), run.get_state_display())

    @admin.display(description=_("What came of it"))
    def outcome(self, run: SourceRun) -> SafeString:
        said = word_for_sources(run.error) or ("" if run.state in SourceRun.OPEN else word_counts(run))
        return format_html('<span data-live="outcome-{}">{}</span>', run.pk, said)
