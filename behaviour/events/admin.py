"""What shoppers did, in the admin: read alone, newest first, at a cost that no number of events raises."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from behaviour.events.event import Event
from catalog.admin_lists import BoundedChangeList, ReadOnlyAdmin
from catalog.desk.pages import Group
from catalog.models import Product
from catalog.prices import trim_price

MAY_SEE_PEOPLE = "behaviour.see_people"
SHOWN = 8  # characters of what is too long to be read
PRODUCT_ID = "product_id_now"  # of an event on a page
FIELDS = (
    "occurred_at", "received_at", "type", "subject", "quantity", "price", "currency", "query", "placement", "strategy",
    "position", "space", "experiment", "arm", "recommendation_id", "consent", "event_key",
)  # fmt: skip
OF_PEOPLE = ("user", "session", "order")
PERIODS = {"today": 0, "yesterday": 1, "week": 6}  # days before today that a period begins


class DayFilter(admin.SimpleListFilter):
    """By when it happened, in days of the shop's time zone."""

    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", gettext("Today")), ("yesterday", gettext("Yesterday")), ("week", gettext("Past 7 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        period = self.value() or ""
        if period not in PERIODS:
            return queryset
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        found = queryset.filter(occurred_at__gte=midnight - timedelta(days=PERIODS[period]))
        return found.filter(occurred_at__lt=midnight) if period == "yesterday" else found


class EventChangeList(BoundedChangeList):
    """Knows the products of the events on its page by one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = find_products(self.result_list)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Who it was is for those alone who may see people, and a pseudonym to them as well."""

    desk_group = Group.RESULTS
    desk_part = "visits"
    desk_order = 60
    list_display = ("occurred_at", "type", "subject", "placement", "place", "paid", "recommendation")
    list_display_links = ("occurred_at",)
    list_filter = ("type", DayFilter)
    search_fields = ("sku",)
    search_help_text = _("SKU, as it was sent")
    ordering = ("-occurred_at", "-id")
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return EventChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Event | None:
        event: Event | None = super().get_object(request, object_id, from_field)
        return find_products([event])[0] if event is not None else None

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*self.list_display, *find_columns_of_people(request)]

    def get_fields(self, request: HttpRequest, obj: Event | None = None) -> Any:
        return [*FIELDS, *find_columns_of_people(request)]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Nobody sorts out the events of a person by an address who may not see whose they are."""
        if lookup.partition("__")[0].removesuffix("_key") in OF_PEOPLE and not request.user.has_perm(MAY_SEE_PEOPLE):
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        sku = search_term.strip()
        return (queryset.filter(sku=sku) if sku else queryset), False

    @admin.display(description=_("SKU"))
    def subject(self, event: Event) -> str:
        """The SKU, which leads to the product where it is still there; of a search, what was searched for."""
        product_id: int | None = getattr(event, PRODUCT_ID)
        if product_id is None:
            return event.sku or event.query
        return format_html('<a href="{}">{}</a>', reverse("admin:catalog_product_change", args=[product_id]), event.sku)

    @admin.display(description=_("position"))
    def place(self, event: Event) -> str:
        return " · ".join(filter(None, (event.strategy, str(event.position or ""))))

    @admin.display(description=_("paid"))
    def paid(self, event: Event) -> str:
        """How many pieces were bought, and for how much each."""
        if event.type != Event.Kind.PURCHASE:
            return ""
        if event.price is None:
            return str(event.quantity)
        return f"{event.quantity} × {trim_price(event.price)} {event.currency}".rstrip()

    @admin.display(description=_("recommendation id"))
    def recommendation(self, event: Event) -> str:
        return shorten(event.recommendation_id)

    @admin.display(description=_("user"))
    def user(self, event: Event) -> str:
        return shorten(event.user_key)

    @admin.display(description=_("session"))
    def session(self, event: Event) -> str:
        return shorten(event.session_key)

    @admin.display(description=_("order"))
    def order(self, event: Event) -> str:
        return shorten(event.order_key)


def find_columns_of_people(request: HttpRequest) -> tuple[str, ...]:
    """Return the columns with whose events they are, for those alone who may see that."""
    return OF_PEOPLE if request.user.has_perm(MAY_SEE_PEOPLE) else ()


def find_products(events: Iterable[Event]) -> list[Event]:
    """Return the events, each with the number of the product that has its SKU now, or None."""
    found = list(events)
    known = Product.objects.filter(sku__in={event.sku for event in found})
    products = dict(known.values_list("sku", "pk"))
    for event in found:
        setattr(event, PRODUCT_ID, products.get(event.sku))
    return found


def shorten(name: UUID | str | None) -> str:
    """Return as much of it as tells one from another."""
    text = str(name or "")
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
