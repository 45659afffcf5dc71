"""Spaces and the vectors in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from pgvector.django import HalfVectorField

from catalog.categories import SEPARATOR
from catalog.models import Product
from embeddings.composition import DEFAULT_COMPOSITION, InvalidComposition, parse_composition
from embeddings.freshness.queue import PendingQuerySet
from embeddings.freshness.sweep_tables import CatalogueSweep as CatalogueSweep  # tables in a file of their own
from embeddings.freshness.sweep_tables import SweepRequest as SweepRequest
from embeddings.fusion.similarity_scale import SimilarityScale
from embeddings.input_use import InputUse as InputUse  # likewise
from embeddings.map.tables import CatalogueMap as CatalogueMap  # tables in a file of their own
from embeddings.map.tables import MapPoint as MapPoint
from embeddings.modalities.choice import ModalityChoice, validate_further
from embeddings.modalities.registry import DECLARED, FUSED, IMAGE, TEXT
from embeddings.placeholders import PlaceholderPicture as PlaceholderPicture  # a table in a file of its own
from embeddings.querysets import EncodedInputQuerySet, ProductEmbeddingQuerySet, SpaceManager, SpaceQuerySet


def default_composition() -> list[dict[str, object]]:
    """Return the default text composition of a new space."""
    return [dict(part) for part in DEFAULT_COMPOSITION]


def validate_composition(declaration: object) -> None:
    """Raise ValidationError where a text composition cannot be used."""
    try:
        parse_composition(declaration)
    except InvalidComposition as error:
        raise ValidationError(str(error)) from error


def validate_dial(dial: object) -> None:
    """Raise ValidationError unless `dial` maps category paths to text weights from 0 to 1."""
    if not isinstance(dial, Mapping):
        raise ValidationError(
            gettext('The fusion dial maps category paths to text weights, such as {"Decor/Vases": 0.3}.')
        )
    for path, weight in dial.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1:
            said = gettext("The text weight of %(path)r is a number from 0 to 1, not %(weight)r.")
            raise ValidationError(said % {"path": path, "weight": weight})


class EncodedInput(models.Model):
    """What one encoder said about one text or one picture. Content-addressed: the same picture is encoded once."""

    encoder = models.CharField(
        max_length=300, help_text="Identity of the encoder: its spec and the hash of its weights"
    )
    sha256 = models.CharField(max_length=64, help_text="Of the text as given to the encoder, or of the picture's file")
    vector = HalfVectorField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EncodedInputQuerySet.as_manager()

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
    text_encoder = models.CharField(max_length=300, help_text="Spec, such as packaged:e5-small")
    image_encoder = models.CharField(max_length=300, help_text="Spec, such as packaged:efficientnet-lite2")
    text_composition = models.JSONField(
        default=default_composition, validators=[validate_composition], help_text="Parts of the text: fields and weight"
    )
    fusion = models.CharField(max_length=20, default="concat")
    text_weight = models.FloatField(default=0.6, help_text="Weight of the text; the picture has the rest")
    category_text_weights = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_dial],
        help_text='The fusion dial: {"Decor/Vases": 0.3}; the longest path wins, "" is the whole shop. '
        "Turning it encodes nothing again.",
    )
    modalities = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_further],
        help_text='Modalities beyond text and picture: {"audio": {"encoder": "packaged:sfx", "weight": 0.3}}',
    )
    dim = models.PositiveIntegerField(default=384)
    text_dim = models.PositiveIntegerField(default=0, editable=False)
    image_dim = models.PositiveIntegerField(default=0, editable=False)
    # Which weights the recipe was fitted with: other weights behind the same spec give other vectors.
    text_identity = models.CharField(max_length=300, blank=True, editable=False)
    image_identity = models.CharField(max_length=300, blank=True, editable=False)
    # The fitted pipeline (means, bases, fusion weights) as safetensors; empty until the space is fitted.
    parameters = models.BinaryField(default=bytes, editable=False)
    # Of the parameters, what each list needs: what cosines are shown as, by modality (`embeddings/fusion/`).
    similarity_scales = models.JSONField(default=dict, editable=False)
    fitted_on = models.PositiveIntegerField(default=0, editable=False, help_text="Products the recipe was fitted on")
    progress = models.JSONField(default=dict, blank=True, editable=False, help_text="Stage, done and total of a build")
    failure = models.TextField(blank=True, editable=False, help_text="Why the last build failed")
    report = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    # What is chosen, in the order of the form, and what fitting sets.
    RECIPE_FIELDS = (
        "text_encoder", "image_encoder", "fusion", "text_weight", "dim", "text_composition", "category_text_weights",
        "modalities",
    )  # fmt: skip
    FITTED_FIELDS = (
        "parameters", "similarity_scales", "dim", "text_dim", "image_dim", "fusion", "text_identity", "image_identity",
        "modalities",
    )  # fmt: skip

    objects = SpaceManager.from_queryset(SpaceQuerySet)()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["status"], condition=Q(status="live"), name="at_most_one_live_space"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_fitted(self) -> bool:
        return self.text_dim > 0

    @property
    def dims(self) -> dict[str, int]:
        """Return the dim of the vectors of each modality, and of what they become; 0 until the space is fitted."""
        return {FUSED: self.dim} | {name: chosen.dim for name, chosen in self.list_modalities().items()}

    def list_modalities(self) -> dict[str, ModalityChoice]:
        """Return what the recipe says of each modality that the space has, in the order in which they are fused."""
        further = {
            name: ModalityChoice(**{"weight": modality.default_weight} | self.modalities[name])
            for name, modality in DECLARED.items()
            if name in self.modalities
        }
        return {
            TEXT: ModalityChoice(self.text_encoder, self.text_weight, self.text_identity, self.text_dim),
            IMAGE: ModalityChoice(self.image_encoder, 1 - self.text_weight, self.image_identity, self.image_dim),
            **further,
        }

    def set_modality(self, name: str, **fitted: Any) -> None:
        """Keep what fitting found of a modality: its `identity`, its `dim`; not saved yet."""
        if name in (TEXT, IMAGE):
            for field, value in fitted.items():
                setattr(self, f"{name}_{field}", value)
        else:
            self.modalities = self.modalities | {name: self.modalities.get(name, {}) | fitted}

    def scale_of(self, modality: str, *, metric: str = "cosine") -> SimilarityScale:
        """Return what similarities of a modality are shown as; those by other metrics are shown as they are."""
        return SimilarityScale.from_numbers(self.similarity_scales.get(modality) if metric == "cosine" else None)

    def describe_recipe(self) -> str:
        """Return the recipe in words, as lists of spaces show it."""
        encoders = f"{self.text_encoder} + {self.image_encoder}"
        said = gettext("%(encoders)s, %(fusion)s, text %(weight)s, %(dim)d dims")
        recipe = said % {
            "encoders": encoders,
            "fusion": self.fusion,
            "weight": f"{self.text_weight:g}",
            "dim": self.dim,
        }
        further = [f"{name} {self.list_modalities()[name].weight:g}" for name in self.modalities]
        return gettext(", ").join([recipe, *further])

    def text_weight_of(self, category_path: str) -> float | None:
        """Return the dial's text weight for a category, None where the space's own holds. The longest path wins."""
        steps = category_path.split(SEPARATOR)
        for length in range(len(steps), -1, -1):  # the last is "", the whole shop
            weight = self.category_text_weights.get(SEPARATOR.join(steps[:length]))
            if weight is not None:
                return float(weight)
        return None


class FirstRecipe(models.Model):
    """What the shop's first space was declared to be: one row, written once (see `embeddings.spaces.recipe`)."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    text_encoder = models.CharField(max_length=300)
    image_encoder = models.CharField(max_length=300)
    fusion = models.CharField(max_length=20)
    declared_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_first_recipe")]

    def __str__(self) -> str:
        return f"{self.text_encoder} + {self.image_encoder}, {self.fusion}"


class ProductEmbedding(models.Model):
    """What is searched: one narrow row of half precision per product, space and modality."""

    # Postgres cascades (see the migration): a product deleted while it is being embedded leaves and fails nothing.
    product = models.ForeignKey(
        Product, related_name="embeddings", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    space = models.ForeignKey(
        EmbeddingSpace, related_name="embeddings", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    modality = models.CharField(max_length=20)
    fingerprint = models.CharField(max_length=32, blank=True, help_text="Empty: some of it could not be encoded")
    text_weight = models.FloatField(null=True, blank=True, help_text="What the fusion dial said; empty: nothing")
    vector = HalfVectorField()
    updated_at = models.DateTimeField(auto_now=True)

    objects = ProductEmbeddingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "space", "modality"], name="one_embedding_per_modality"),
        ]
        indexes = [models.Index(fields=["space", "modality", "id"], name="embeddings_of_space")]  # counts, and lists

    def __str__(self) -> str:
        return gettext("Vector of product %d") % self.product_id


class PendingEmbedding(models.Model):
    """A product that waits to be embedded. The rows are the queue; Celery is only the bell.

    Triggers of Postgres put products here as they change (see the migrations): no way of writing slips past them.
    """

    product = models.OneToOneField(
        Product, primary_key=True, related_name="pending", on_delete=models.DO_NOTHING, db_constraint=False
    )
    generation = models.PositiveBigIntegerField(default=1, help_text="Raised by each save, compared before deletion")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker has it until then")
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(
        null=True, blank=True, db_default=Now(), help_text="Not tried before; empty: not until the product changes"
    )
    reason = models.CharField(
        max_length=500, blank=True, db_default="", help_text="Why the last attempt gave no vector"
    )
    fingerprint = models.CharField(max_length=32, blank=True, db_default="", help_text="Of what was tried last")
    created_at = models.DateTimeField(db_default=Now())

    objects = PendingQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "product_id"]
        indexes = [
            models.Index(fields=["retry_at", "product"], name="pending_due"),
            # Few of those that wait, and what staff look for among them.
            models.Index(fields=["product"], condition=~Q(reason=""), name="pending_failed"),
        ]

    def __str__(self) -> str:
        return gettext("Product %d waits to be embedded") % self.product_id


class PictureColours(models.Model):
    """The basic colours of what a picture shows, found once for each content, as EncodedInput is."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    shares = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "picture colours"

    def __str__(self) -> str:
        return self.sha256
