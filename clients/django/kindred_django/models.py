"""Four small tables: what is to be sent, what Kindred has, how far a sweep is, and whose turn it is to send."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now


class Outgoing(models.Model):
    """The outbox: a product to look at again, or an event. Written with what it is about, in one transaction.

    Rows are only added and deleted, never changed, so that no save waits for another one here.
    """

    source = models.CharField(max_length=100, blank=True)  # of the product; empty: an event
    key = models.CharField(max_length=200, blank=True)
    event = models.JSONField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name_plural = "outgoing"

    def __str__(self) -> str:
        return f"{self.source} {self.key}" if self.source else f"event {self.pk}"


class Mirrored(models.Model):
    """A product as Kindred was last told. The row is made before Kindred hears of it: none is forgotten there."""

    source = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    sku = models.CharField(max_length=200, db_index=True)
    body_hash = models.CharField(max_length=64, blank=True)  # empty: to be sent
    images_hash = models.CharField(max_length=64, blank=True)
    refused = models.TextField(blank=True)  # Kindred's reason; it is not told again until the product changes

    class Meta:
        verbose_name_plural = "mirrored"
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="kindred_django_one_for_each_product")]

    def __str__(self) -> str:
        return self.sku


class Sweep(models.Model):
    """How far the comparison of a source has come, for one that was interrupted."""

    source = models.CharField(max_length=100, unique=True)
    cursor = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.source} after {self.cursor}"


class Turn(models.Model):
    """One row: who may send now, and when Kindred may be asked again. It outlives processes."""

    holder = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(default=now)
    failures = models.PositiveIntegerField(default=0)  # one after another
    not_before = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.holder
