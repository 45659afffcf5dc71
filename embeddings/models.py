"""Spaces and the vectors in them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField

from catalog.models import Product


class Modality(models.TextChoices):
    FUSED = "fused", "Fused"
    TEXT = "text", "Text"
    IMAGE = "image", "Picture"


class EncodedInput(models.Model):
    """What one encoder said about one text or one picture. Content-addressed: the same picture is encoded once."""

    encoder = models.CharField(max_length=300, help_text="Identity of the encoder: its spec and the hash of its weights")
    sha256 = models.CharField(max_length=64, help_text="Of the text as given to the encoder, or of the picture's file")
    vector = HalfVectorField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["encoder", "sha256"], name="one_vector_per_input")]

    def __str__(self) -> str:
        return f"{self.encoder} {self.sha256[:12]}"


class EmbeddingSpace(models.Model):
    """One immutable recipe of vectors: encoders, text composition, and everything that was fitted."""

    class Status(models.TextChoices):
        BUILDING = "building", "Building"
        READY = "ready", "Ready"
        LIVE = "live", "Live"
        RETIRED = "retired", "Retired"
        FAILED = "failed", "Failed"

    name = models.SlugField(max_length=100, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.BUILDING)
    text_encoder = models.CharField(max_length=300)
    image_encoder = models.CharField(max_length=300)
    text_composition = models.JSONField(help_text="Parts of the text, each with fields and weight")
    fusion = models.CharField(max_length=20, default="concat")
    text_weight = models.FloatField(default=0.6, help_text="Weight of the text; the picture has the rest")
    category_text_weights = models.JSONField(
        default=dict, blank=True, help_text='The fusion dial: {"Decor/Vases": 0.3}; the longest path wins'
    )
    dim = models.PositiveIntegerField(default=384)
    # The fitted pipeline (means, bases, fusion weights) as safetensors; empty until the space is fitted.
    parameters = models.BinaryField(default=bytes, editable=False)
    fitted_on = models.PositiveIntegerField(default=0, editable=False, help_text="Products the recipe was fitted on")
    report = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["status"], condition=Q(status="live"), name="at_most_one_live_space"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductEmbedding(models.Model):
    """What is searched: one narrow row of half precision per product, space and modality."""

    product = models.ForeignKey(Product, related_name="embeddings", on_delete=models.CASCADE)
    space = models.ForeignKey(EmbeddingSpace, related_name="embeddings", on_delete=models.CASCADE)
    modality = models.CharField(max_length=5, choices=Modality)
    fingerprint = models.CharField(max_length=32)
    vector = HalfVectorField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "space", "modality"], name="one_embedding_per_modality"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.modality} in {self.space_id}"


class PendingEmbedding(models.Model):
    """A product that waits to be embedded. The rows are the queue; Celery is only the bell."""

    product = models.OneToOneField(Product, primary_key=True, related_name="pending", on_delete=models.CASCADE)
    generation = models.PositiveBigIntegerField(default=1, help_text="Raised by each save, compared before deletion")
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True, help_text="Why the last attempt ended without a vector")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "product_id"]

    def __str__(self) -> str:
        return f"{self.product_id} waits since {self.created_at:%Y-%m-%d %H:%M}"
