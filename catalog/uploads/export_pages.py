"""Exports: of what is ticked in the list of products, of all that its filters keep, or of the whole catalogue."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from catalog.desk.pages import desk_page
from catalog.models import Export, Product
from catalog.uploads.exporting import make_small_file
from catalog.uploads.steering import request_export
from catalog.uploads.storage import PRODUCTS, open_file

AT_ONCE = 1000  # products that a page writes itself, in half a second; more are a worker's


@desk_page("export/", name="export_products", permission="catalog.view_product")
@require_POST
def export_page(request: HttpRequest) -> HttpResponse:
    """Export the whole catalogue."""
    return export(request, Product.objects.all(), query="")


@admin.action(description=_("Export as CSV"), permissions=["view"])
def export_listed(model_admin: ModelAdmin[Product], request: HttpRequest, queryset: QuerySet[Product]) -> HttpResponse:
    """Export what is ticked, or all that the list's filters keep: its address says which those are."""
    return export(request, queryset, query=request.GET.urlencode())


def export(request: HttpRequest, products: QuerySet[Product], *, query: str) -> HttpResponse:
    """Answer with the file where they are few; else have a worker write it, and lead to where it will be."""
    ids = list(products.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(ids) > AT_ONCE:
        request_export(asked_by=request.user, query=query)
        messages.info(request, gettext("A worker writes the file. It will be here, under “Exports”, in a moment."))
        return redirect("imports")
    name = f"products-{timezone.localdate():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = make_small_file(Product.objects.filter(pk__in=ids))
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


@desk_page("export/<int:pk>/products.csv", name="export_file", permission="catalog.view_product")
@require_safe
def export_file_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A file that a worker has written."""
    done = get_object_or_404(Export, pk=pk, state=Export.State.DONE)
    try:
        file = open_file(done, PRODUCTS)
    except FileNotFoundError:
        raise Http404 from None
    name = f"products-{timezone.localdate(done.asked_at):%Y-%m-%d}.csv"
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")  # type: ignore[return-value]
