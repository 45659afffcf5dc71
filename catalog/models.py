"""Products as a shop knows them. What an encoder makes of them lives in `embeddings`."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import MD5, Cast, Concat

FIELD_SEPARATOR = "\x1f"  # the ASCII unit separator: cannot be confused with text that people write


class Category(models.Model):
    """A node of the category tree. `path` repeats the names from the root, `A/B/C`, so a subtree is one prefix."""

    parent = models.ForeignKey("self", null=True, blank=True, related_name="children", on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    path = models.CharField(max_length=1000, unique=True, editable=False)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path


class Product(models.Model):
    """A thing for sale. Only `sku` and `title` are required."""

    sku = models.CharField("SKU", max_length=100, unique=True)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    translations = models.JSONField(
        default=dict, blank=True, help_text='By language: {"zh": {"title": "...", "description": "..."}}'
    )
    brand = models.CharField(max_length=200, blank=True, db_index=True)
    category = models.ForeignKey(
        Category, null=True, blank=True, related_name="products", on_delete=models.SET_NULL
    )
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217, such as EUR")
    stock = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: not counted, always in stock")
    attributes = models.JSONField(default=dict, blank=True)
    variant_group = models.CharField(
        max_length=100, blank=True, db_index=True, help_text="Colours or sizes of one design share a group"
    )
    collection = models.CharField(max_length=200, blank=True, db_index=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Kept by Postgres itself, so that raw SQL and bulk updates cannot slip past it.
    content_hash = models.GeneratedField(
        expression=MD5(
            Concat(
                F("title"),
                Value(FIELD_SEPARATOR),
                F("description"),
                Value(FIELD_SEPARATOR),
                F("brand"),
                Value(FIELD_SEPARATOR),
                Cast(F("translations"), models.TextField()),
                Value(FIELD_SEPARATOR),
                Cast(F("attributes"), models.TextField()),
                output_field=models.TextField(),
            )
        ),
        output_field=models.CharField(max_length=32),
        db_persist=True,
    )

    class Meta:
        ordering = ["sku"]

    def __str__(self) -> str:
        return f"{self.title} ({self.sku})"

    @property
    def in_stock(self) -> bool:
        return self.stock is None or self.stock > 0

    def translated(self, field: str, *, language: str) -> str:
        """Return `title` or `description` in `language`, or the catalogue's own wording where there is none."""
        translation: dict[str, Any] = self.translations.get(language) or {}
        return translation.get(field) or getattr(self, field)


class ProductImage(models.Model):
    """One picture of a product; the first by `position` is the one that cards show."""

    product = models.ForeignKey(Product, related_name="images", on_delete=models.CASCADE)
    file = models.ImageField(upload_to="products/", width_field="width", height_field="height")
    position = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, editable=False, db_index=True)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"Picture {self.position} of {self.product_id}"
