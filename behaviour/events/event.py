"""The table of events. What happened stays true when a product is deleted: nothing here points to one."""

from __future__ import annotations

from django.db import connection, models, transaction
from django.utils.translation import gettext_noop

from recommendations.rules import MAX_PLACEMENT_LENGTH

MAX_ID_LENGTH = 100  # of what an app calls an event, a user, a session or an order
MAX_SKU_LENGTH = 100
MAX_TOKEN_LENGTH = 300
MAX_QUERY_LENGTH = 200
WRITING = 7_310_011  # the advisory lock that writers share, and that `settled_id` takes for itself for a moment


class Consent(models.TextChoices):
    """What a shopper has agreed to. Without it nothing that identifies is kept."""

    PERSONALISATION = "personalisation", "Personal recommendations, and counting"
    ANALYTICS = "analytics", "Counting alone"
    NONE = "none", "Neither"


class EventKey(models.Model):
    """An event that was recorded: what is sent twice counts once, whenever it says that it happened."""

    key = models.UUIDField(primary_key=True, help_text="Hash of what the app calls the event")
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["received_at"], name="event_key_by_time")]

    def __str__(self) -> str:
        return str(self.key)


class Event(models.Model):
    """A shopper saw, opened, sought, put into a cart, bought or put away a product, or was shown it in a list.

    Whose event it is, is known by pseudonyms alone (`behaviour.events.pseudonyms`). The table is partitioned by the
    month of `occurred_at`; a migration makes it, since Django has no word for that.
    """

    class Kind(models.TextChoices):
        IMPRESSION = "impression", "Shown in a list"
        CLICK = "click", "Opened from a list"
        VIEW = "view", "Product page seen"
        CART = "add_to_cart", "Put into a cart"
        UNCART = "remove_from_cart", "Taken out of a cart"
        WISHLIST = "wishlist", "Put on a wish list"
        PURCHASE = "purchase", "Bought"
        SEARCH = "search", "Searched for"
        DISMISS = "dismiss", "Not wanted"

    event_key = models.UUIDField(help_text="Hash of what the app calls it")
    type = models.CharField(max_length=16, choices=Kind)
    sku = models.CharField(max_length=MAX_SKU_LENGTH, blank=True, help_text="As it was sent; empty: of no product")
    user_key = models.UUIDField(null=True, help_text="Pseudonym; null: not known, or without consent")
    session_key = models.UUIDField(null=True)
    order_key = models.UUIDField(null=True)
    quantity = models.PositiveIntegerField(default=1)
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True, help_text="Of one piece")
    currency = models.CharField(max_length=3, blank=True, default="")
    recommendation_id = models.CharField(max_length=MAX_TOKEN_LENGTH, blank=True, default="")
    strategy = models.CharField(max_length=20, blank=True, default="", help_text="Of the list")
    placement = models.CharField(max_length=MAX_PLACEMENT_LENGTH, blank=True, default="")
    space = models.CharField(max_length=100, blank=True, default="", help_text="That the list came from")
    experiment = models.CharField(max_length=50, blank=True, default="")
    arm = models.CharField(max_length=50, blank=True, default="")
    position = models.PositiveIntegerField(null=True, help_text="In the list, from 1")
    query = models.CharField(max_length=MAX_QUERY_LENGTH, blank=True, default="", help_text="What was searched for")
    consent = models.CharField(max_length=16, choices=Consent, default=Consent.NONE)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-occurred_at", "-id"]
        indexes = [
            models.Index(fields=["user_key", "occurred_at"], name="event_by_user", condition=~models.Q(user_key=None)),
            models.Index(
                fields=["session_key", "occurred_at"], name="event_by_session", condition=~models.Q(session_key=None)
            ),
            models.Index(fields=["order_key"], name="event_by_order", condition=~models.Q(order_key=None)),
            models.Index(fields=["sku", "type", "occurred_at"], name="event_by_sku"),
            models.Index(fields=["type", "occurred_at", "id"], name="event_by_type"),
            models.Index(fields=["occurred_at", "id"], name="event_by_time"),
        ]
        permissions = [("see_people", gettext_noop("Can see the events of single people"))]

    def __str__(self) -> str:
        return f"{self.get_type_display()} · {self.sku} · {self.occurred_at:%Y-%m-%d %H:%M}"


class ClearedSessions(models.Model):
    """How far `behaviour.events.retention` has come with taking sessions from events: one row.

    An event without a session says nothing of whether it ever had one.
    """

    last_event_id = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "cleared sessions"

    def __str__(self) -> str:
        return str(self.last_event_id)


def settled_id() -> int:
    """Return the greatest id so far, below which nothing is being written any more.

    Ids are given before the commit: whoever reads events in the order of their ids would pass over some otherwise.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITING])
        cursor.execute("SELECT max(id) FROM behaviour_event")
        row = cursor.fetchone()
    return int(row[0] or 0) if row else 0
