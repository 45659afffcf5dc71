"""The table of forecasts: one row for each product, written anew each night."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Product


class Forecast(models.Model):
    """How many pieces of a product will be bought, week by week from `starts_on`, and in all."""

    class Basis(models.TextChoices):
        OWN = "own", _("Its own sales")
        YOUNG = "young", _("Its own sales and its neighbours'")
        NEW = "new", _("Its neighbours' sales: it is new")

    product = models.OneToOneField(Product, primary_key=True, related_name="forecast", on_delete=models.CASCADE)
    basis = models.CharField(_("rests on"), max_length=5, choices=Basis)
    starts_on = models.DateField(help_text="The first day of the first week")
    expected = ArrayField(models.FloatField(), help_text="Pieces in each week")
    low = ArrayField(models.FloatField(), help_text="Fewer than this in a tenth of cases")
    high = ArrayField(models.FloatField(), help_text="More than this in a tenth of cases")
    total = models.FloatField(help_text="Pieces in all weeks together")
    total_low = models.FloatField()
    total_high = models.FloatField()
    neighbours_total = models.FloatField(null=True, help_text="What its neighbours sell in as many weeks, on average")
    learned_from = models.JSONField(default=list, help_text="Neighbours: [SKU, weight], heaviest first")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("forecast")
        verbose_name_plural = _("forecasts")
        ordering = ["-total", "-product"]
        indexes = [models.Index(fields=["-total", "-product"], name="forecast_by_total")]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.total:.1f}"

    @property
    def weeks(self) -> int:
        return len(self.expected)

    @property
    def per_week(self) -> float:
        """What one of the first four weeks sells."""
        near = self.expected[:4]
        return sum(near) / len(near) if near else 0.0
