"""Counts by day, which outlive the events that they are of and name nobody. `counting` fills them, `totals` sums up."""

from __future__ import annotations

from django.db import models

from behaviour.events.event import MAX_SKU_LENGTH
from recommendations.rules import MAX_PLACEMENT_LENGTH

# Of the list that an event belongs to; all empty: of no list.
LIST_COLUMNS = ("placement", "strategy", "space", "experiment", "arm")
COUNT_COLUMNS = (
    "impressions", "clicks", "views", "carts", "attributed_carts", "wishes", "attributed_wishes",
    "baskets", "attributed_baskets", "viewthrough_baskets", "orders", "attributed_orders",
    "viewthrough_orders", "units", "attributed_units", "viewthrough_units",
)  # fmt: skip
MONEY_COLUMNS = ("revenue", "attributed_revenue", "viewthrough_revenue")


class Counts(models.Model):
    """How much there was of each kind of event, of one list and one currency, on one day of the shop's time zone.

    An event is in one row. What was bought is in that of the list that it is credited to (`attribution`): after a
    click it is counted again in the columns `attributed_`, after having been shown alone in those of `viewthrough_`.
    Numbers may be corrected downwards later, and no constraint of the table is to stop counting.
    """

    day = models.DateField()
    placement = models.CharField(max_length=MAX_PLACEMENT_LENGTH, blank=True, default="")
    strategy = models.CharField(max_length=20, blank=True, default="")
    space = models.CharField(max_length=100, blank=True, default="")
    experiment = models.CharField(max_length=50, blank=True, default="")
    arm = models.CharField(max_length=50, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="", help_text="Empty where there is no price")
    impressions = models.BigIntegerField(default=0)
    clicks = models.BigIntegerField(default=0)
    views = models.BigIntegerField(default=0)
    carts = models.BigIntegerField(default=0, help_text="Times that it was put into a cart")
    attributed_carts = models.BigIntegerField(default=0)
    wishes = models.BigIntegerField(default=0)
    attributed_wishes = models.BigIntegerField(default=0)
    baskets = models.BigIntegerField(default=0, help_text="Each order once, with the list of one of its products")
    attributed_baskets = models.BigIntegerField(default=0)
    viewthrough_baskets = models.BigIntegerField(default=0)
    orders = models.BigIntegerField(default=0, help_text="A product counts once in each order")
    attributed_orders = models.BigIntegerField(default=0)
    viewthrough_orders = models.BigIntegerField(default=0)
    units = models.BigIntegerField(default=0)
    attributed_units = models.BigIntegerField(default=0)
    viewthrough_units = models.BigIntegerField(default=0)
    revenue = models.DecimalField(max_digits=30, decimal_places=4, default=0)
    attributed_revenue = models.DecimalField(max_digits=30, decimal_places=4, default=0)
    viewthrough_revenue = models.DecimalField(max_digits=30, decimal_places=4, default=0)

    class Meta:
        abstract = True


class DailyCount(Counts):
    """The counts of one product."""

    sku = models.CharField(max_length=MAX_SKU_LENGTH)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "sku", *LIST_COLUMNS, "currency"], name="daily_count_once")
        ]
        indexes = [models.Index(fields=["sku", "day"], name="daily_count_by_sku")]

    def __str__(self) -> str:
        return f"{self.sku} on {self.day}"


class DailyTotal(Counts):
    """The counts of all products of one category of the top level, made anew from those of the products.

    They are so few that pages read them: as many for each day as the shop has categories and lists.
    """

    category = models.CharField(max_length=200, blank=True, default="", help_text="Top level; empty: none")

    class Meta:
        verbose_name = "performance"
        verbose_name_plural = "performance"
        constraints = [
            models.UniqueConstraint(fields=["day", "category", *LIST_COLUMNS, "currency"], name="daily_total_once")
        ]

    def __str__(self) -> str:
        return f"{self.category or '-'} on {self.day}"


class CountedDay(models.Model):
    """A day that has counts, and whether its totals are as they are."""

    day = models.DateField(primary_key=True)
    is_stale = models.BooleanField(default=True)
    totalled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["day"], condition=models.Q(is_stale=True), name="counted_day_stale"),
            models.Index(fields=["totalled_at"], name="counted_day_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.day)


class Counting(models.Model):
    """How far events are counted. Its one row is locked by whoever counts, and changes together with the counts."""

    last_event_id = models.BigIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"up to {self.last_event_id}"
