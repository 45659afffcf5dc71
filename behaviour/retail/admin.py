"""The retail desk in the admin: one page of what runs out, and one of how the assortment hangs together."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import EmptyPage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from api.counts import BoundedPaginator
from behaviour.retail import substitutions
from behaviour.retail.assortment import describe_assortment
from behaviour.retail.tables import CategoryPair, ShortStock
from catalog.admin_lists import ReadOnlyAdmin
from catalog.desk.pages import Group
from catalog.models import Product

PER_PAGE = 8  # products: each has a list of its own made


@admin.register(ShortStock)
class SubstitutionDesk(ReadOnlyAdmin):
    """What runs out; for whoever may view it. Approving needs the right to add rules, undoing that to delete them."""

    desk_group = Group.RESULTS
    desk_part = "stock"
    desk_order = 40

    def get_urls(self) -> list[URLPattern]:
        approving = path("approve/", self.admin_site.admin_view(self.approve), name="behaviour_shortstock_approve")
        return [approving, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        shorts = ShortStock.objects.filter(product__is_active=True).select_related("product", "product__category")
        paginator = BoundedPaginator(shorts.prefetch_related("product__images"), PER_PAGE)
        try:
            page = paginator.get_page(request.GET.get("page"))
        except EmptyPage:
            page = paginator.page(1)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Substitution desk"),
            "opts": self.opts,
            "cl": None,
            "page": page,
            "needs": substitutions.list_needs(list(page.object_list)),
            "total": substitutions.count_all_acceptance(),
            "days": substitutions.COUNTED_DAYS,
            "may_approve": request.user.has_perm("recommendations.add_rule"),
            "may_undo": request.user.has_perm("recommendations.delete_rule"),
        }
        return TemplateResponse(request, "admin/behaviour/substitutions.html", context)

    @staticmethod
    def approve(request: HttpRequest) -> HttpResponse:
        """Approve a substitute, or undo it."""
        return change_approval(request)


@require_POST
def change_approval(request: HttpRequest) -> HttpResponse:
    """Approve the substitute that the form names, or undo the approval; then back to the page."""
    undo = "undo" in request.POST
    if not request.user.has_perm("recommendations.delete_rule" if undo else "recommendations.add_rule"):
        raise PermissionDenied
    product, substitute = (find_named(request, name) for name in ("for", "with"))
    if product == substitute:
        raise PermissionDenied
    names = {"substitute": substitute.translated("title"), "product": product.translated("title")}
    if undo and substitutions.withdraw(product, substitute, by=request.user):
        messages.success(request, gettext("%(substitute)s no longer stands in for %(product)s.") % names)
    elif undo:
        messages.warning(request, gettext("No approval to undo. What a rule of other lists too says is changed there."))
    elif not substitute.is_active:
        messages.error(request, gettext("%(substitute)s is hidden, and stands in for nothing.") % names)
    else:
        substitutions.approve(product, substitute, by=request.user)
        messages.success(request, gettext("%(substitute)s stands in for %(product)s, first in its lists.") % names)
    number = request.POST.get("page", "")
    query = f"?page={number}" if number.isascii() and number.isdigit() and len(number) < 6 else ""
    return redirect(f"{reverse('admin:behaviour_shortstock_changelist')}{query}#need-{product.pk}")


def find_named(request: HttpRequest, name: str) -> Product:
    """Return the product whose SKU the form sends under this name. Raises Http404; a NUL is in no SKU."""
    return get_object_or_404(Product, sku=request.POST.get(name, "").replace("\x00", ""))


@admin.register(CategoryPair)
class AssortmentPage(ReadOnlyAdmin):
    """How the assortment hangs together; for whoever may view it."""

    desk_group = Group.RESULTS
    desk_part = "price"
    desk_order = 45

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Assortment"),
            "opts": self.opts,
            "cl": None,
            **describe_assortment(),
        }
        return TemplateResponse(request, "admin/behaviour/assortment.html", context)
