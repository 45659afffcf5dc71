"""Maps, and where each product lies on them. A worker writes both; `making.py` says when."""

from __future__ import annotations

from django.contrib.postgres.indexes import GistIndex, OpClass
from django.db import models
from django.db.models import F, Func, QuerySet


class MapManager(models.Manager["CatalogueMap"]):
    """Leaves what is megabytes long in the database until it is asked for."""

    def get_queryset(self) -> QuerySet[CatalogueMap]:
        return super().get_queryset().defer("frame", "points", "picture")


class CatalogueMap(models.Model):
    """The products of a space in two dimensions. Of each space the newest complete one is shown.

    Postgres cascades (see the migration): with a space its maps go, and with a map its points.
    """

    class Method(models.TextChoices):
        AXES = "axes", "Principal axes"
        UMAP = "umap", "UMAP"

    space = models.ForeignKey("embeddings.EmbeddingSpace", on_delete=models.DO_NOTHING, db_constraint=False)
    method = models.CharField(max_length=4, choices=Method)
    frame = models.BinaryField(default=bytes, editable=False)  # `frame.Frame`; empty until it is laid out
    position = models.BigIntegerField(default=0, help_text="Id of the vector that was placed last")
    placed = models.PositiveBigIntegerField(default=0, help_text="Products placed since it was laid out")
    total = models.PositiveBigIntegerField(default=0, help_text="Products to be placed, about")
    progress = models.JSONField(default=dict, blank=True, editable=False, help_text="Stage, done and total")
    is_complete = models.BooleanField(default=False)
    # What browsers get (`drawing.py`): points, the groups that they are coloured by, and a picture of them.
    points = models.BinaryField(default=bytes, editable=False)
    groups = models.JSONField(default=list, blank=True, editable=False)
    picture = models.BinaryField(default=bytes, editable=False)
    drawn = models.PositiveBigIntegerField(default=0, help_text="Products among the points")
    version = models.PositiveIntegerField(default=0, help_text="Raised as it is drawn")
    started_at = models.DateTimeField(auto_now_add=True)
    laid_at = models.DateTimeField(null=True)
    placed_at = models.DateTimeField(null=True, help_text="When a round of placing was begun")
    drawn_at = models.DateTimeField(null=True)

    objects = MapManager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["space", "is_complete"], name="map_of_space")]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.pk}"


class MapPoint(models.Model):
    """Where a product lies: whole numbers from 0 to 65,535, upwards and to the right."""

    map = models.ForeignKey(
        CatalogueMap, related_name="places", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    product = models.ForeignKey(
        "catalog.Product", related_name="+", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "map"], name="one_place_on_a_map")]
        indexes = [
            models.Index(fields=["map", "product"], name="points_of_map"),
            GistIndex(OpClass(Func(F("x"), F("y"), function="point"), name="point_ops"), name="points_by_place"),
        ]

    def __str__(self) -> str:
        return f"{self.x}, {self.y}"
