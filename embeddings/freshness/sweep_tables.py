"""How far the comparison of the whole catalogue is, and who has asked for one at once. `sweep.py` writes both."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CatalogueSweep(models.Model):
    """How far the comparison of the whole catalogue is: one row, which `embeddings.freshness.sweep` moves on."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    position = models.BigIntegerField(default=0, help_text="Id of the product that was compared last")
    is_urgent = models.BooleanField(default=True, help_text="To be gone through at once, not in the course of a day")
    urgent_until = models.BigIntegerField(
        default=0, help_text="Where it has come round, and is urgent no more; 0: at the end of the catalogue"
    )
    requests = models.PositiveBigIntegerField(default=0, help_text="Raised as requests are taken")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_catalogue_sweep")]

    def __str__(self) -> str:
        return f"sweep at product {self.position}"


class SweepRequest(models.Model):
    """That somebody has asked for an urgent sweep: the next slice takes all that are there."""

    def __str__(self) -> str:
        return f"request {self.pk}"
