"""What the doctor has found, how well the catalogue was on each day, and what was done about it. Tables of this app."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

OF_PRODUCT = "catalog.Product"


class FindingQuerySet(models.QuerySet["Finding"]):
    """Findings as pages and scores ask for them."""

    def open(self) -> FindingQuerySet:
        """Those that nobody has said to ignore."""
        return self.filter(ignored_at=None)

    def ignored(self) -> FindingQuerySet:
        return self.filter(ignored_at__isnull=False)

    def concerning(self, product_ids: Any) -> FindingQuerySet:
        """Those of these products, and those of others beside them."""
        return self.filter(Q(product__in=product_ids) | Q(other__in=product_ids))


class Finding(models.Model):
    """One thing that is amiss with one product, or with two beside each other. A worker writes and removes these."""

    check_name = models.CharField(max_length=40)
    product = models.ForeignKey(OF_PRODUCT, related_name="findings", on_delete=models.CASCADE)
    other = models.ForeignKey(OF_PRODUCT, null=True, related_name="findings_beside", on_delete=models.CASCADE)
    # What of the product is meant: a picture's sha256, a price. Another price is another finding: to ignore the one
    # does not silence the next.
    about = models.CharField(max_length=80, default="", blank=True)
    severity = models.FloatField(default=0.5, help_text="From 0 to 1; the worst come first")
    details = models.JSONField(default=dict, blank=True)
    found_at = models.DateTimeField(auto_now_add=True)
    ignored_at = models.DateTimeField(null=True, blank=True)
    ignored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, related_name="+", on_delete=models.SET_NULL
    )

    objects: ClassVar[FindingQuerySet] = FindingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["check_name", "-severity", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["check_name", "product", "other", "about"], nulls_distinct=False, name="finding_once"
            )
        ]
        indexes = [
            models.Index(
                F("check_name"), F("severity").desc(), F("id").desc(), condition=Q(ignored_at=None), name="finding_open"
            ),
            models.Index(
                fields=["check_name", "-ignored_at"], condition=Q(ignored_at__isnull=False), name="finding_ignored"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_name}: {self.product_id}"


class DistinctPair(models.Model):
    """Two listings that look like one product, of which somebody has said that they are not."""

    first = models.ForeignKey(OF_PRODUCT, related_name="+", on_delete=models.CASCADE, help_text="The older of the two")
    second = models.ForeignKey(OF_PRODUCT, related_name="+", on_delete=models.CASCADE)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, related_name="+", on_delete=models.SET_NULL)
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-decided_at"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="distinct_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="distinct_pair_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"


class PictureMeasures(models.Model):
    """What a picture is like, measured once for each content. A file that is not there is looked for again."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    sharpness = models.FloatField(null=True, help_text="Of its sharpest parts, 0 to about 2")
    letters = models.PositiveSmallIntegerField(null=True, help_text="Of the longest row of letters in it")
    problem = models.CharField(max_length=300, blank=True, default="", help_text="Why it cannot be decoded")
    measured_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "picture measures"

    def __str__(self) -> str:
        return self.sha256


class DoctorRound(models.Model):
    """How far the doctor is: one row, which `rounds.py` moves on."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    position = models.BigIntegerField(default=0, help_text="Id of the product that was looked at last")
    stage = models.PositiveSmallIntegerField(default=0, help_text="0: at rest, 1: each product, 2: beside all others")
    examined = models.PositiveBigIntegerField(default=0, help_text="Products that were looked at in this round")
    products = models.PositiveBigIntegerField(default=0, help_text="Products on sale in the last whole round")
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="When a round was last at its end")
    asked_at = models.DateTimeField(null=True, help_text="Somebody has asked for a round")
    changed_at = models.DateTimeField(null=True, help_text="Changes up to this one were looked at")
    changed_id = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, help_text="A worker is at it until then")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_doctor_round")]

    def __str__(self) -> str:
        return f"doctor at product {self.position}"


class DueExamination(models.Model):
    """A product that is to be looked at before its turn: it was embedded, or somebody has mended it."""

    product = models.OneToOneField(
        OF_PRODUCT, primary_key=True, related_name="+", on_delete=models.DO_NOTHING, db_constraint=False
    )

    def __str__(self) -> str:
        return str(self.product_id)


class DoctorScore(models.Model):
    """How many products one check found amiss on a day, of how many."""

    check_name = models.CharField(max_length=40)
    day = models.DateField()
    amiss = models.PositiveBigIntegerField()
    products = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["check_name", "day"]
        constraints = [models.UniqueConstraint(fields=["check_name", "day"], name="doctor_score_once")]

    def __str__(self) -> str:
        return f"{self.check_name} on {self.day}: {self.share:.3f}"

    @property
    def share(self) -> float:
        """Of the catalogue that is well, 0 to 1."""
        return max(1 - self.amiss / self.products, 0.0) if self.products else 1.0


class DoctorDeed(models.Model):
    """What somebody did about a finding, with all that is needed to undo it."""

    deed = models.CharField(max_length=40)
    check_name = models.CharField(max_length=40)
    product = models.ForeignKey(OF_PRODUCT, related_name="+", on_delete=models.CASCADE)
    other = models.ForeignKey(OF_PRODUCT, null=True, related_name="+", on_delete=models.SET_NULL)
    before = models.JSONField(default=dict, help_text="What was, as the deed needs it to put it back")
    after = models.JSONField(default=dict, help_text="What became of it: what somebody has changed since stays")
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, related_name="+", on_delete=models.SET_NULL)
    done_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("deed of the doctor")
        verbose_name_plural = _("deeds of the doctor")
        indexes = [models.Index(fields=["check_name", "-id"], name="deeds_of_a_check")]

    def __str__(self) -> str:
        return f"{self.deed} {self.product_id}"
