"""Moving products to another category, many at once: staff choose it on a page that shows what they have selected."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from api.confirmation import CONFIRMED
from catalog.models import Category, Product
from catalog.writing import Outcome, ProductWrite, upsert_products

MOST_MOVED = 3_000  # products at once: ten transactions, and a page that answers within seconds
SHOWN = 12


class MoveForm(forms.Form):
    """Where to. No category at all is an answer, too: they lose the one that they have."""

    category = forms.ModelChoiceField(
        label=_("New category"),
        queryset=Category.objects.all(),
        required=False,
        widget=AutocompleteSelect(Product._meta.get_field("category"), admin.site),
        help_text=_("Empty: they belong to none"),
    )


@admin.action(description=_("Move to another category"), permissions=["change"])
def move_to_category(
    model_admin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Product]
) -> HttpResponse | None:
    """Ask where to, then move."""
    skus = list(queryset.order_by("sku").values_list("sku", flat=True)[: MOST_MOVED + 1])
    if len(skus) > MOST_MOVED:
        said = gettext("More than %d products at once take too long for a page: narrow the list first.")
        model_admin.message_user(request, said % MOST_MOVED, messages.WARNING)
        return None
    form = MoveForm(request.POST if CONFIRMED in request.POST else None)
    if not form.is_valid():
        return ask_where(model_admin, request, queryset, form=form, count=len(skus))
    category = form.cleaned_data["category"]
    moved = move_products(skus, path=category.path if category else "")
    where = category.path if category else gettext("no category")
    said = ngettext("%(count)d product moved to %(where)s.", "%(count)d products moved to %(where)s.", moved)
    model_admin.message_user(request, said % {"count": moved, "where": where}, messages.SUCCESS)
    return None


def move_products(skus: list[str], *, path: str) -> int:
    """Give products another category, and return of how many it was another one. Who is gone meanwhile stays gone."""
    results = upsert_products([ProductWrite(values={"sku": sku, "category": path}) for sku in skus])
    return sum(result.outcome == Outcome.UPDATED for result in results)


def ask_where(
    model_admin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Product], *, form: MoveForm, count: int
) -> HttpResponse:
    """Return the page that asks. It posts to the same address again: what was selected is selected still."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": ngettext("Move %d product", "Move %d products", count) % count,
        "opts": model_admin.opts,
        "form": form,
        "media": model_admin.media + form.media,
        "products": queryset.order_by("sku").select_related("category").prefetch_related("images")[:SHOWN],
        "others": max(count - SHOWN, 0),
        "checkbox": ACTION_CHECKBOX_NAME,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "confirmed": CONFIRMED,
    }
    return TemplateResponse(request, "admin/catalog/product/move.html", context)
