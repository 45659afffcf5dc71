"""One measurement of how the shop stands."""

from __future__ import annotations

from django.db import models


class Vital(models.Model):
    """What one thing came to at a moment, in the unit that its kind says."""

    class Kind(models.TextChoices):
        LATENCY = "latency", "Lists of similar products, 95th percentile, ms"
        RECALL = "recall", "Recall of the index"
        RATE = "rate", "Products embedded a minute"
        WAITING = "waiting", "Products that wait to be embedded"

    kind = models.CharField(max_length=10, choices=Kind)
    value = models.FloatField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "at"], name="vital_of_kind_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value:g}"
