"""What pages of the retail desk read. Workers write these rows, slice after slice or once a night."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Category, Product


class ShortStock(models.Model):
    """A product that cannot be bought, or soon will not be, and sells."""

    product = models.OneToOneField(Product, primary_key=True, related_name="short_stock", on_delete=models.CASCADE)
    per_day = models.FloatField(help_text="Pieces that are expected to be bought in a day")
    neighbours_per_day = models.FloatField(default=0, help_text="Pieces of a neighbour that are bought in a day")
    noticed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("substitution desk")
        verbose_name_plural = _("substitution desk")
        ordering = ["-per_day", "-product"]
        indexes = [
            models.Index(fields=["-per_day", "-product"], name="short_stock_by_demand"),
            models.Index(fields=["-neighbours_per_day", "-product"], name="short_stock_by_neighbours"),
        ]

    def __str__(self) -> str:
        return str(self.product)

    @property
    def per_week(self) -> float:
        return 7 * self.per_day

    @property
    def neighbours_per_week(self) -> float:
        return 7 * self.neighbours_per_day

    @property
    def cover_days(self) -> float | None:
        """For how many days the stock lasts; None: longer than anyone plans."""
        return self.product.stock / self.per_day if self.product.stock is not None and self.per_day else None


class UnseenProduct(models.Model):
    """A product that is for sale and was in no list for a while."""

    product = models.OneToOneField(Product, primary_key=True, related_name="unseen", on_delete=models.CASCADE)
    noticed_at = models.DateTimeField()

    class Meta:
        ordering = ["-product"]

    def __str__(self) -> str:
        return str(self.product)


class CategoryPair(models.Model):
    """How often two categories of the top level were bought in one order; with itself: how often at all."""

    first = models.CharField(max_length=200, help_text="Name of the category")
    second = models.CharField(max_length=200)
    orders = models.PositiveIntegerField()
    lift = models.FloatField(help_text="How many times as often as if orders were put together by chance")

    class Meta:
        verbose_name = _("assortment")
        verbose_name_plural = _("assortment")
        ordering = ["first", "second"]
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="category_pair_once")]

    def __str__(self) -> str:
        return f"{self.first}, {self.second}: {self.orders}"


class PriceGap(models.Model):
    """Prices at which a category has nothing to buy, though it sells below and above them."""

    category = models.ForeignKey(Category, related_name="price_gaps", on_delete=models.CASCADE)
    currency = models.CharField(max_length=3, blank=True)
    low = models.FloatField(help_text="The lower price")
    high = models.FloatField(help_text="The upper price")
    per_day = models.FloatField(help_text="Pieces of one product that are bought in a day, just below and above")

    class Meta:
        ordering = ["-per_day", "pk"]
        constraints = [models.UniqueConstraint(fields=["category", "currency", "low"], name="price_gap_once")]

    def __str__(self) -> str:
        return f"{self.category}, {self.low:.2f}-{self.high:.2f}"

    @property
    def per_week(self) -> float:
        return 7 * self.per_day
