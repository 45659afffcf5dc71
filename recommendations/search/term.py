"""A word or phrase that means something in this catalogue: a category, a brand, a colour, a value of an attribute."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models


class SearchTerm(models.Model):
    """One meaning of one text. `text` is folded as searches are (`folding.py`); several rows may have the same one."""

    class Kind(models.TextChoices):
        CATEGORY = "category", "Category"
        BRAND = "brand", "Brand"
        COLLECTION = "collection", "Collection"
        COLOUR = "colour", "Colour"
        ATTRIBUTE = "attribute", "Attribute"
        WORD = "word", "Another word of the catalogue"
        QUERY = "query", "What visitors search for"

    class Source(models.TextChoices):
        CATALOGUE = "catalogue", "The catalogue says so itself"
        LEARNED = "learned", "Learned from titles and translations"
        BUILT_IN = "built_in", "Comes with Kindred"
        STAFF = "staff", "Staff say so"
        VISITORS = "visitors", "Visitors search for it"

    text = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=100, blank=True, default="", help_text="Of an attribute, such as material")
    value = models.CharField(max_length=500, help_text="A category's path, a brand, a basic colour, a value, a word")
    label = models.CharField(max_length=200, help_text="How it is shown")
    language = models.CharField(max_length=10, blank=True, default="", help_text="Empty: the catalogue's own")
    source = models.CharField(max_length=10, choices=Source)
    weight = models.FloatField(default=1.0, help_text="How sure it is that the text means this, from 0 to 1")
    products = models.PositiveIntegerField(
        default=0, help_text="How many products, about; of a query how many visitors"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["text", "kind", "name", "value", "source"], name="search_term_once"),
        ]
        indexes = [
            models.Index(OpClass("text", name="text_pattern_ops"), name="search_term_prefix"),
            models.Index(fields=["kind", "name", "value"], name="search_term_meaning"),
        ]

    def __str__(self) -> str:
        return f"{self.text}: {self.label}"


class SearchLearning(models.Model):
    """What was learned last, one row: when, of which state of the catalogue, and from where on a meaning is near."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    learned_at = models.DateTimeField(null=True)
    took_s = models.FloatField(default=0.0)
    mark = models.CharField(max_length=100, default="", help_text="Of the catalogue then: its size and newest change")
    floors = models.JSONField(default=dict, help_text="Of each space, by its number: the similarity that is near")

    def __str__(self) -> str:
        return f"{self.learned_at}"
