"""Spaces in the admin. No encoder runs here: builds are handed to the worker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from api.confirmation import ask_first, find_way_back
from api.counts import count_rows
from api.worker_bell import tell_worker
from catalog.admin import ProductAdmin
from catalog.admin_forms import IndentedJSONField, ObjectField
from catalog.desk.pages import Group
from catalog.models import Product
from catalog.product_desk.json_editors import WeightsEditor, list_category_paths
from embeddings import desk_figures  # noqa: F401  on the front of the admin by being imported
from embeddings.admin_rows import PendingEmbeddingAdmin as PendingEmbeddingAdmin  # Django looks for it here
from embeddings.composition_editor import CompositionEditor
from embeddings.fusion.pipeline import FUSIONS
from embeddings.map.pages import MapBoxFilter
from embeddings.map.pages import map_page as map_page  # on the desk by being imported
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace
from embeddings.product_admin import embed_again_page as embed_again_page  # the admin of products, by being imported
from embeddings.space_tables import SHOWN, SpaceTables
from embeddings.spaces import lifecycle
from embeddings.spaces.consequences import Question, ask_drop, ask_promote
from embeddings.spaces.gates import find_objection
from embeddings.spaces.lifecycle import SpaceError
from embeddings.spaces.overlap import describe_overlap
from embeddings.spaces.refitting import describe_refit
from embeddings.spaces.states import describe_state
from embeddings.tasks import build_space, refresh_stale

REASON = "reason"  # of promoting a space whatever the gate objects
if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

RECIPE = EmbeddingSpace.RECIPE_FIELDS
SPACES = "admin:embeddings_embeddingspace_changelist"
Status = EmbeddingSpace.Status

ProductAdmin.add_filter(MapBoxFilter)


class SpaceForm(forms.ModelForm[EmbeddingSpace]):
    """A new space starts from the live one's recipe; of an existing one only the dial can be turned."""

    class Meta:
        model = EmbeddingSpace
        fields = ("name", *RECIPE)
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {
            "text_composition": IndentedJSONField,
            "category_text_weights": ObjectField,
            "modalities": ObjectField,
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "fusion": forms.Select(choices=[(fusion, fusion) for fusion in FUSIONS]),
            "category_text_weights": WeightsEditor(list_category_paths),
            "text_composition": CompositionEditor(),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is None and not self.errors:
            try:
                lifecycle.check_recipe(EmbeddingSpace(**cleaned))
            except SpaceError as error:
                if not isinstance(error.__cause__, ValidationError):  # that the form finds as well, beside its field
                    raise forms.ValidationError(str(error)) from error
        return cleaned


@admin.register(EmbeddingSpace)
class EmbeddingSpaceAdmin(SpaceTables, admin.ModelAdmin[EmbeddingSpace]):
    desk_group = Group.RECOMMENDATIONS
    desk_order = 40
    form = SpaceForm
    list_display = ("name", "state", "products", "recipe", "fitted_on", "promoted_at", "looks")
    actions = ("build", "promote", "compare", "drop")

    pages: ClassVar[dict[str, StrPromise | str]] = {}

    class Media:
        js = ("catalog/live.js",)

    @classmethod
    def add_page(cls, name: str, label: StrPromise | str) -> None:
        """Link every space that is built to the page of that name, which takes it as `right`."""
        cls.pages[name] = label

    readonly_fields = (
        "state", "products", "failure", "fitted_on", "verdicts", "created_at", "promoted_at", "retired_at", "figures",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: EmbeddingSpace | None = None) -> Any:
        recipe = (SHOWN.get(name, name) for name in RECIPE)
        return ("name", *recipe, *self.readonly_fields) if obj else ("name", *RECIPE)

    def get_readonly_fields(self, request: HttpRequest, obj: EmbeddingSpace | None = None) -> Any:
        frozen = [SHOWN.get(field, field) for field in ("name", *RECIPE) if field != "category_text_weights"]
        return (*frozen, *self.readonly_fields) if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        live = EmbeddingSpace.objects.live()
        return {field: getattr(live, field) for field in RECIPE} if live else {}

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # "Drop" takes the indexes too, and spares the live space
        return actions

    def has_delete_permission(self, request: HttpRequest, obj: EmbeddingSpace | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        roll_back = self.admin_site.admin_view(require_POST(self.roll_back))
        promote = self.admin_site.admin_view(require_POST(self.promote_one))
        return [
            path("roll-back/", roll_back, name="embeddings_embeddingspace_roll_back"),
            path("<int:pk>/promote/", promote, name="embeddings_embeddingspace_promote"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        live, product_count = EmbeddingSpace.objects.live(), count_rows(Product.objects.all()).number
        context = {
            "rollback_target": self.has_change_permission(request) and EmbeddingSpace.objects.rollback_target(),
            "is_building": EmbeddingSpace.objects.filter(status=Status.BUILDING).exclude(progress={}).exists(),
            "refit": describe_refit(live, product_count=product_count) if live else "",
        }
        return super().changelist_view(request, extra_context=context | (extra_context or {}))

    def save_model(self, request: HttpRequest, obj: EmbeddingSpace, form: Any, change: bool) -> None:
        if not change:
            obj.status = Status.BUILDING
            obj.save()
            self.message_user(request, gettext("Select %s and choose “Build” to fill it.") % obj.name)
            return
        obj.save(update_fields=["category_text_weights"])
        transaction.on_commit(lambda: tell_worker(refresh_stale.delay), robust=True)

    @admin.display(description=_("Status"), ordering="status")
    def state(self, space: EmbeddingSpace) -> str:
        return format_html('<span data-live="state-{}">{}</span>', space.pk, describe_state(space))

    @admin.display(description=_("Products"))
    def products(self, space: EmbeddingSpace) -> str:
        count = count_rows(space.embeddings.filter(modality=FUSED))
        number = number_format(count.number, force_grouping=True)
        said = number if count.is_exact else gettext("about %s") % number
        return format_html('<span data-live="products-{}">{}</span>', space.pk, said)

    @admin.display(description=_("Recipe"))
    def recipe(self, space: EmbeddingSpace) -> str:
        return space.describe_recipe()

    @admin.display(description=_("Look at it"))
    def looks(self, space: EmbeddingSpace) -> str:
        if space.status in (Status.BUILDING, Status.FAILED):
            return ""
        asked = urlencode({"right": space.name})
        links = [(reverse(name), asked, label, space.name) for name, label in self.pages.items()]
        return format_html_join(" · ", '<a href="{}?{}">{} <span class="visually-hidden">{}</span></a>', links)

    @admin.action(description=_("Build (in the background)"), permissions=["change"])
    def build(self, request: HttpRequest, queryset: QuerySet[EmbeddingSpace]) -> None:
        for space in queryset:
            if space.status == Status.LIVE:
                self.message_user(
                    request, gettext("%s is live and kept fresh by itself.") % space.name, messages.WARNING
                )
            elif tell_worker(partial(build_space.delay, space.pk)):
                self.message_user(
                    request, gettext("%s is built by the worker; this page shows how far it is.") % space.name
                )
            else:
                self.message_user(
                    request, gettext("The broker does not answer: start it, then build again."), level=messages.ERROR
                )

    @admin.action(description=_("Promote: serve it from now on"), permissions=["change"])
    def promote(self, request: HttpRequest, queryset: QuerySet[EmbeddingSpace]) -> HttpResponse | None:
        space = queryset.filter(status__in=[Status.READY, Status.RETIRED]).first() if queryset.count() == 1 else None
        objection = find_objection(space, live=EmbeddingSpace.objects.live()) if space else ""  # of the gate
        if objection and not request.user.is_superuser:
            self.message_user(request, objection, messages.ERROR)
            return None
        act = partial(_promote, reason=request.POST.get(REASON, "") if objection else "")
        page = self._for_one(request, queryset, act, ask=partial(ask_promote, objection=objection))
        if objection and isinstance(page, TemplateResponse) and page.context_data is not None:
            page.context_data["reason"] = REASON  # the field in which it is asked for
        return page

    @admin.action(description=_("Compare with the live space"), permissions=["view"])
    def compare(self, request: HttpRequest, queryset: QuerySet[EmbeddingSpace]) -> None:
        live = EmbeddingSpace.objects.live()
        for space in queryset:
            try:
                self.message_user(request, describe_overlap(space, live=live))
            except SpaceError as error:
                self.message_user(request, str(error), messages.WARNING)

    @admin.action(description=_("Drop, with its vectors"), permissions=["change"])
    def drop(self, request: HttpRequest, queryset: QuerySet[EmbeddingSpace]) -> HttpResponse | None:
        def drop_one(space: EmbeddingSpace) -> str:
            lifecycle.drop_space(space)
            return gettext("%s is gone.") % space.name

        return self._for_one(request, queryset, drop_one, ask=ask_drop)

    def promote_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, serve this space, and go back to the page that the button is on."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        space = get_object_or_404(EmbeddingSpace, pk=pk)
        page = self.promote(request, EmbeddingSpace.objects.filter(pk=space.pk))
        return page or HttpResponseRedirect(find_way_back(request, default=reverse(SPACES)))

    def roll_back(self, request: HttpRequest) -> HttpResponse:
        """Serve again the space that was served before."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        target = EmbeddingSpace.objects.rollback_target()
        if target and (page := ask_first(self, request, **ask_promote(target))):
            return page
        try:
            self.message_user(request, gettext("%s is live again.") % lifecycle.roll_back().name)
        except SpaceError as error:
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(find_way_back(request, default=reverse(SPACES)))

    def _for_one(
        self,
        request: HttpRequest,
        queryset: QuerySet[EmbeddingSpace],
        act: Callable[[EmbeddingSpace], str],
        *,
        ask: Callable[[EmbeddingSpace], Question],
    ) -> HttpResponse | None:
        """Ask, and once it is meant, act on the one space that is selected."""
        if queryset.count() != 1:
            self.message_user(request, gettext("Select one space."), messages.WARNING)
            return None
        space = queryset.get()
        if page := ask_first(self, request, queryset=queryset, **ask(space)):
            return page
        try:
            self.message_user(request, act(space))
        except SpaceError as error:
            self.message_user(request, str(error), messages.ERROR)
        return None


def _promote(space: EmbeddingSpace, *, reason: str) -> str:
    """Serve it, and say what was served before. Raises SpaceError."""
    before = lifecycle.promote(space, reason=reason)
    if before is None:
        return gettext("%s is live.") % space.name
    said = gettext("%(name)s is live; %(before)s can be rolled back to.")
    return said % {"name": space.name, "before": before.name}
