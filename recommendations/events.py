"""One table, only ever added to, and erased by user. What happened stays true when a product is deleted."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, models

from catalog.models import Product
from recommendations.rules import MAX_PLACEMENT_LENGTH

MAX_ID_LENGTH = 100
SKU_LENGTH = 100
STRATEGY_LENGTH = 20


class EventQuerySet(models.QuerySet["Event"]):
    """Recording and erasing."""

    def record(self, events: Iterable[Event]) -> set[str]:
        """Add the events that are not there yet and return their ids: an app that sends twice is counted once."""
        events = list(events)
        known = self.filter(event_id__in=[event.event_id for event in events]).values_list("event_id", flat=True)
        new = {event.event_id: event for event in events if event.event_id not in set(known)}
        try:
            self.add(new.values())
        except IntegrityError:  # a product was deleted since it was looked up: its events stay, as those before do
            there = Product.objects.filter(pk__in={event.product_id for event in events})
            kept = set(there.values_list("pk", flat=True))
            for event in events:
                event.product_id = event.product_id if event.product_id in kept else None
            self.add(new.values())
        return set(new)

    def add(self, events: Iterable[Event]) -> None:
        """Insert them, but for those that another request has added meanwhile."""
        self.bulk_create(events, ignore_conflicts=True)

    def erase_user(self, user_id: str) -> int:
        """Delete all that is known of a user. Returns how many events that was."""
        return self.filter(user_id=user_id).delete()[0]


class Event(models.Model):
    """A shopper saw, opened, put into a cart or bought a product, or was shown it in a list of recommendations."""

    class Kind(models.TextChoices):
        IMPRESSION = "impression", "Shown in a list"
        CLICK = "click", "Opened from a list"
        VIEW = "view", "Product page seen"
        CART = "add_to_cart", "Put into a cart"
        PURCHASE = "purchase", "Bought"

    event_id = models.CharField(max_length=MAX_ID_LENGTH, unique=True, help_text="Made by the app, once per event")
    type = models.CharField(max_length=11, choices=Kind)
    sku = models.CharField(max_length=SKU_LENGTH, help_text="As it was sent; stays when the product goes")
    # Null where there is no such product, or no longer: Postgres itself sees to that (migration 0004).
    product = models.ForeignKey(Product, related_name="events", null=True, on_delete=models.SET_NULL)
    user_id = models.CharField(max_length=MAX_ID_LENGTH, blank=True, help_text="A pseudonym: never a name or address")
    session_id = models.CharField(max_length=MAX_ID_LENGTH, blank=True)
    recommendation_id = models.CharField(max_length=MAX_ID_LENGTH, blank=True)
    placement = models.CharField(
        max_length=MAX_PLACEMENT_LENGTH, blank=True, default="", help_text="Where it was shown"
    )
    strategy = models.CharField(max_length=STRATEGY_LENGTH, blank=True, default="", help_text="Of the list")
    position = models.PositiveIntegerField(null=True, blank=True, help_text="In the list, from 1")
    quantity = models.PositiveIntegerField(default=1)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_at", "-id"]
        indexes = [
            models.Index(fields=["user_id", "occurred_at"], name="events_of_user", condition=~models.Q(user_id="")),
            models.Index(fields=["product", "type"], name="events_of_product"),
            models.Index(fields=["sku", "occurred_at", "id"], name="events_of_sku"),
            models.Index(fields=["type", "occurred_at", "id"], name="events_of_type"),
            models.Index(fields=["occurred_at", "id"], name="events_by_time"),
        ]
        permissions = [("see_sessions", "Can see whose sessions events are of")]

    def __str__(self) -> str:
        return f"{self.type} of {self.sku} at {self.occurred_at:%Y-%m-%d %H:%M}"
