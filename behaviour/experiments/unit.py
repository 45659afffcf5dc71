"""The tables of what is counted: a visitor in an experiment, and how its arms stood on a day."""

from __future__ import annotations

from django.db import models

from behaviour.experiments.experiment import MAX_NAME_LENGTH, Experiment


class ExperimentUnit(models.Model):
    """A visitor who was shown a list of the experiment, and what they did from then on, and in the weeks before it.

    Counted from the events of that person, as often as there are new ones, so that each counts once.
    """

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="units")
    unit_key = models.UUIDField(help_text="Pseudonym of the user, or else of the session")
    arm = models.CharField(max_length=MAX_NAME_LENGTH)
    first_at = models.DateTimeField(help_text="First shown a list of it")
    clicks = models.PositiveIntegerField(default=0)
    carts = models.PositiveIntegerField(default=0)
    orders = models.PositiveIntegerField(default=0)
    revenue = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    earlier_clicks = models.PositiveIntegerField(default=0)
    earlier_carts = models.PositiveIntegerField(default=0)
    earlier_orders = models.PositiveIntegerField(default=0)
    earlier_revenue = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    margin = models.IntegerField(default=0, help_text="Credit of the second ranking less that of the first")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "unit_key"], name="unit_once_in_an_experiment")]
        indexes = [models.Index(fields=["unit_key"], name="experiment_unit_by_key")]

    def __str__(self) -> str:
        return f"{self.unit_key} in {self.arm}"


class ExperimentLook(models.Model):
    """How an arm stood when it was last looked at on a day: sums, from which all that is said follows."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="looks")
    day = models.DateField()
    arm = models.CharField(max_length=MAX_NAME_LENGTH)
    units = models.PositiveIntegerField()
    sums = models.JSONField(help_text="By metric: y, yy, x, xx, xy, as behaviour.experiments.moments names them")
    wins = models.PositiveIntegerField(default=0, help_text="Units that prefer the second ranking")
    losses = models.PositiveIntegerField(default=0)
    looked_at = models.DateTimeField()

    class Meta:
        ordering = ["day", "id"]
        constraints = [models.UniqueConstraint(fields=["experiment", "day", "arm"], name="one_look_of_an_arm_a_day")]

    def __str__(self) -> str:
        return f"{self.arm} on {self.day}"
