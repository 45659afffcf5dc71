"""How a product does, on its page in the admin; and those that no list has shown lately, as a filter of the list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from behaviour.reports.daily_counts import DailyCount
from behaviour.reports.page import count
from behaviour.reports.performance import USUAL_DAYS
from behaviour.reports.rates import measure_rate
from behaviour.reports.sales import read_counts_of
from catalog.admin import ProductAdmin
from catalog.conditions import LISTED_PRODUCTS, Condition
from catalog.models import Product

NEVER_DAYS = 28
# Products that are looked at: one look into the index of counts for each. Of a larger catalogue, so many of whole pages
# of the table, others on each day.
LOOKED_AT = 50_000
SAMPLED = (
    "{0} IN (SELECT s.id FROM catalog_product s TABLESAMPLE SYSTEM "
    "((SELECT least(100, 100.0 * {1} / greatest({{listed}}, 1)))) REPEATABLE ({2}))"
).replace("{{listed}}", LISTED_PRODUCTS)


class NeverShownFilter(admin.SimpleListFilter):
    """Shown in the shop, and in no list for four weeks."""

    title = _("shown in lists")
    parameter_name = "shown_in_lists"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("never", gettext("Never in %d days") % NEVER_DAYS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() != "never":
            return queryset
        today = timezone.localdate()
        since = today - timedelta(days=NEVER_DAYS - 1)
        shown = DailyCount.objects.filter(sku=OuterRef("sku"), day__gte=since, impressions__gt=0)
        sampled = Condition("id", SAMPLED, (LOOKED_AT, today.toordinal())).as_expression()
        return queryset.filter(sampled, ~Exists(shown), is_active=True)


def performance_panel(product: Product) -> str:
    """How often it was shown, clicked and bought lately, with the rates."""
    today = timezone.localdate()
    counts = read_counts_of(product.sku, since=today - timedelta(days=USUAL_DAYS - 1), until=today)
    clicked, bought = measure_rate(counts.clicks, of=counts.impressions), measure_rate(counts.orders, of=counts.views)
    credited = gettext("%s after a click in a list") % count(counts.attributed_orders)
    per_view = gettext("%s for each view of its page") % f"{bought.value:.1%}" if bought else ""
    figures = [
        (gettext("Shown"), count(counts.impressions), ""),
        (gettext("Clicked"), count(counts.clicks), f"{clicked.value:.1%}" if clicked else ""),
        (gettext("Ordered"), count(counts.orders), ""),
    ]
    notes = [credited, *([per_view] if bought else [])]
    context = {"figures": figures, "notes": notes, "days": USUAL_DAYS}
    return render_to_string("admin/behaviour/product_panel.html", context)


ProductAdmin.add_panel(_("Performance"), performance_panel, part="visits")
ProductAdmin.add_filter(NeverShownFilter)
