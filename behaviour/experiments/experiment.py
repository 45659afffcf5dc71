"""The tables of what is tried: an experiment, its arms, and what it may not make worse."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from recommendations.rules import MAX_PLACEMENT_LENGTH

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

MAX_NAME_LENGTH = 50  # as long as an event has room for
MAX_SHARE = 1_000
INTERLEAVED = "interleaved"  # the arm of a list that both rankings share


def make_salt() -> str:
    return secrets.token_hex(8)


class Metric(models.TextChoices):
    """What is counted of a visitor. Shares count a visitor once; revenue is a sum."""

    CLICK = "click", "Visitors who click in the lists"
    CART = "cart", "Visitors who put something into the cart"
    ORDER = "order", "Visitors who order"
    REVENUE = "revenue", "Revenue per visitor"


class Experiment(models.Model):
    """Lists of one kind, made in several ways for visitors who were shared out by chance.

    A promoted one goes on: what its winner changes is what all lists of that kind are like from then on.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        PROMOTED = "promoted", "Promoted"

    class Method(models.TextChoices):
        AB = "ab", "A/B: each visitor sees one arm"
        INTERLEAVING = "interleaving", "Interleaving: one list drafted from two rankings"

    name = models.SlugField(
        max_length=MAX_NAME_LENGTH, unique=True, help_text="Stands in answers and events; it never changes"
    )
    title = models.CharField(max_length=200, help_text="What is tried, and why")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    placement = models.CharField(
        max_length=MAX_PLACEMENT_LENGTH, blank=True, default="", help_text="Lists shown there; empty: anywhere"
    )
    strategy = models.CharField(
        max_length=20, blank=True, default="", help_text="Lists that are asked for by this strategy; empty: any"
    )
    method = models.CharField(max_length=12, choices=Method, default=Method.AB)
    metric = models.CharField(max_length=8, choices=Metric, default=Metric.CLICK, help_text="What decides")
    currency = models.CharField(
        max_length=3, blank=True, default="", help_text="Of the revenue, such as EUR: sums in others are left out"
    )
    planned_units = models.PositiveIntegerField(
        default=10_000,
        validators=[MinValueValidator(200)],
        help_text="Visitors expected in all: intervals are narrowest there. Fixed once it has started",
    )
    salt = models.CharField(max_length=32, default=make_salt, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)
    promoted_at = models.DateTimeField(null=True, editable=False)
    stop_reason = models.CharField(max_length=300, blank=True, default="", editable=False)
    winner = models.CharField(max_length=MAX_NAME_LENGTH, blank=True, default="", editable=False)
    counted_id = models.BigIntegerField(default=0, editable=False)  # events up to this one are counted

    if TYPE_CHECKING:
        arms: RelatedManager[Arm]
        guard_rails: RelatedManager[GuardRail]

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status"], name="experiment_by_status")]

    def __str__(self) -> str:
        return self.title

    def is_about(self, placement: str, strategy: str) -> bool:
        """Whether it is about lists of this placement that are asked for by this strategy."""
        return self.placement in ("", placement) and self.strategy in ("", strategy)

    def overlaps(self, other: Experiment) -> bool:
        """Whether some list would be part of both."""
        return all(
            not mine or not theirs or mine == theirs
            for mine, theirs in ((self.placement, other.placement), (self.strategy, other.strategy))
        )


class Arm(models.Model):
    """One way to make the lists. The first is the control, which the others are compared with."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="arms")
    name = models.SlugField(max_length=MAX_NAME_LENGTH)
    share = models.PositiveSmallIntegerField(
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SHARE)],
        help_text="Of visitors, in proportion to the other arms'",
    )
    strategy = models.CharField(max_length=20, blank=True, default="", help_text="Empty: as asked for")
    options = models.JSONField(
        blank=True, default=dict, help_text='Options of the list, such as {"diversity": 0.3}; others stay as asked for'
    )
    space = models.CharField(max_length=100, blank=True, default="", help_text="Name; empty: the live one")
    without_rules = models.BooleanField(default=False, help_text="Show what there would be without any rule")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["experiment", "name"], name="arm_once_in_an_experiment")]

    def __str__(self) -> str:
        return self.name


class GuardRail(models.Model):
    """What an arm may not make worse, whatever else it does: the experiment stops by itself when it surely has."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="guard_rails")
    metric = models.CharField(max_length=8, choices=Metric)
    worst_change = models.FloatField(
        validators=[MinValueValidator(-0.99), MaxValueValidator(0)],
        help_text="Share of the control's value: -0.05 is five in a hundred less",
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["experiment", "metric"], name="guard_rail_once_for_a_metric")]

    def __str__(self) -> str:
        return f"{self.get_metric_display()} {self.worst_change:+.1%}"
