"""Forecasts in the admin: a list by what sells most, and a page for each product."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from behaviour.forecast.chart import draw_weeks, read_weeks, word_pieces
from behaviour.forecast.forecast import Forecast
from catalog.admin_lists import OfProductsAdmin, ReadOnlyAdmin
from catalog.desk.pages import Group
from catalog.models import Product


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyAdmin, OfProductsAdmin):
    """What will be bought; for whoever may view forecasts."""

    desk_group = Group.RESULTS
    desk_part = "stock"
    desk_order = 30
    list_display = ("thumb", "name", "pieces", "band", "rests_on", "stock")
    list_display_links = ("thumb", "name")
    list_filter = ("basis",)
    search_fields = ("product__sku", "product__title")
    search_help_text = _("SKU, or words of the title")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Forecast]:
        return super().get_queryset(request).select_related("product").prefetch_related("product__images")

    @admin.display(description=_("Picture"))
    def thumb(self, forecast: Forecast) -> SafeString | str:
        image = forecast.product.main_image
        if image is None:
            return "–"
        alt = forecast.product.translated("title")  # it is a link, and must be called something
        return format_html('<img class="thumb" src="{}" width="56" loading="lazy" alt="{}">', image.shown_url(160), alt)

    @admin.display(description=_("Product"))
    def name(self, forecast: Forecast) -> SafeString:
        product = forecast.product
        return format_html('{}<span class="row-details">{}</span>', product.translated("title"), product.sku)

    @admin.display(description=_("Expected"))
    def pieces(self, forecast: Forecast) -> str:
        said = gettext("%(pieces)s in %(weeks)d weeks")
        return said % {"pieces": word_pieces(forecast.total), "weeks": forecast.weeks}

    @admin.display(description=_("In 8 of 10 cases"))
    def band(self, forecast: Forecast) -> str:
        return f"{word_pieces(forecast.total_low)} – {word_pieces(forecast.total_high)}"

    @admin.display(description=_("Rests on"))
    def rests_on(self, forecast: Forecast) -> str:
        return forecast.get_basis_display()

    @admin.display(description=_("Stock"))
    def stock(self, forecast: Forecast) -> str:
        return "–" if forecast.product.stock is None else str(forecast.product.stock)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        forecast = self.get_object(request, object_id)
        if forecast is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": forecast.product.translated("title"),
            "forecast": forecast,
            **describe_forecast(forecast),
        }
        return TemplateResponse(request, "admin/behaviour/forecast.html", context)


def describe_forecast(forecast: Forecast) -> dict[str, Any]:
    """Return what the page of a product's forecast shows."""
    product = forecast.product
    weeks = read_weeks(forecast, sku=product.sku)
    weights = dict(forecast.learned_from)
    found = Product.objects.filter(sku__in=list(weights)).prefetch_related("images")
    neighbours = sorted(((round(100 * weights[one.sku]), one) for one in found), key=lambda pair: -pair[0])
    return {
        "product": product,
        "chart": draw_weeks(weeks, label=gettext("Pieces sold and expected, week by week")),
        "first_day": date_format(weeks[0].starts_on, "SHORT_DATE_FORMAT"),
        "last_day": date_format(weeks[-1].starts_on, "SHORT_DATE_FORMAT"),
        "weeks": [week for week in weeks if week.high is not None],
        "total": word_pieces(forecast.total),
        "total_low": word_pieces(forecast.total_low),
        "total_high": word_pieces(forecast.total_high),
        "per_week": word_pieces(forecast.per_week),
        "top": word_pieces(max(week.high or week.pieces for week in weeks)),
        "neighbours": neighbours,
        "product_address": reverse("admin:catalog_product_change", args=[product.pk]),
    }
