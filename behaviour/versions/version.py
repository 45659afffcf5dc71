"""The tables of what was learned. Their ids are checked by nothing in Postgres: products and people come and go.

Rows are written by COPY (`behaviour.versions.writing`) and read by the statements that serve lists.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from embeddings.models import EmbeddingSpace

# What is being stored at this moment may become visible after what is stored later: the last seconds are left to the
# next step.
VECTORS_SETTLE = timedelta(seconds=10)
Status = EmbeddingSpace.Status  # the same words, for the same states


class RealField(models.FloatField[Any, Any]):
    """A float of four bytes: scores need no more, and there are many."""

    def db_type(self, connection: Any) -> str:
        return "real"


class VersionQuerySet(models.QuerySet["Version"]):
    def live(self) -> Version | None:
        """Return the version that is served, None before there is one."""
        return self.filter(status=Status.LIVE).first()

    def rollback_target(self) -> Version | None:
        """Return the version that was served before the live one; one that was promoted after it is none."""
        live = self.live()
        before = Q() if live is None or live.promoted_at is None else Q(promoted_at__lt=live.promoted_at)
        return self.filter(before, status=Status.RETIRED).order_by("-retired_at", "-pk").first()


class Version(models.Model):
    """What was learned from all events up to one of them, with settings that never change. One version is live."""

    name = models.SlugField(max_length=100, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.BUILDING)
    settings = models.JSONField(
        default=dict, blank=True, editable=False, help_text="What the shop's own validation chose"
    )
    figures = models.JSONField(
        default=dict, blank=True, editable=False, help_text="What validation measured, and how much was learned"
    )
    progress = models.JSONField(default=dict, blank=True, editable=False, help_text="Stage, done and total of a build")
    failure = models.TextField(blank=True, editable=False, help_text="Why the last build failed")
    space_id = models.BigIntegerField(null=True, editable=False, help_text="Whose vectors said what is near")
    facts_until = models.DateTimeField(help_text="When its events were read")
    last_event_id = models.BigIntegerField(help_text="The last event that was learned from in the build")
    stepped_to = models.BigIntegerField(default=0, help_text="The last event that small steps have taken up since")
    borrowed_to = models.BigIntegerField(default=0, help_text="The last vector whose product was looked at since")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    promoted_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["status"], condition=Q(status="live"), name="at_most_one_live_version"),
        ]

    def __str__(self) -> str:
        return self.name


class Neighbours(models.Model):
    """What goes with one product, best first: the arrays have one place for each neighbour."""

    class Kind(models.TextChoices):
        BUNDLE = "bundle", "Bought in one order"
        CART = "cart", "Lacking in a cart with it"
        VIEWED = "viewed", "Looked at in one session"
        PERSONAL = "personal", "For whoever has looked at or bought it"

    pk = models.CompositePrimaryKey("version_id", "kind", "product_id")
    version_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    product_id = models.BigIntegerField()
    neighbour_ids = ArrayField(models.BigIntegerField(), help_text="Products, by falling score")
    scores = ArrayField(RealField(), help_text="Above 0")
    shares = ArrayField(RealField(), help_text="How much of each score is behaviour, 0 to 1; the rest is content")
    evidence = RealField(default=0, db_default=0, help_text="In how many orders or sessions the product was")

    class Meta:
        verbose_name = "neighbours of a product"
        verbose_name_plural = "neighbours of products"

    def __str__(self) -> str:
        return gettext("Neighbours of product %d") % self.product_id


class Ranking(models.Model):
    """The place of one product in one order of all."""

    class Kind(models.TextChoices):
        POPULAR = "popular", "Bought most"
        TRENDING = "trending", "Bought more than usual"

    pk = models.CompositePrimaryKey("version_id", "kind", "product_id")
    version_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    product_id = models.BigIntegerField()
    score = RealField()
    support = models.IntegerField(help_text="Orders that the score rests on")
    place = models.IntegerField(help_text="From 1")

    class Meta:
        indexes = [models.Index(fields=["version_id", "kind", "place"], name="ranking_by_place")]

    def __str__(self) -> str:
        return f"{self.kind} {self.place}"


class Profile(models.Model):
    """What is for one user and new to them, best first; of users alone who agreed to that."""

    pk = models.CompositePrimaryKey("version_id", "user_key")
    version_id = models.BigIntegerField()
    user_key = models.UUIDField(help_text="Pseudonym")
    product_ids = ArrayField(models.BigIntegerField(), help_text="Products, by falling score")
    scores = ArrayField(RealField(), help_text="Above 0")
    shares = ArrayField(RealField(), help_text="How much of each score is behaviour, 0 to 1; the rest is content")

    def __str__(self) -> str:
        return str(self.user_key)
