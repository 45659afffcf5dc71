"""A file that somebody uploaded, what they said of it, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from catalog.sources.outcome import Outcome
from catalog.sources.source import Source
from catalog.uploads.file_work import FileWork


class Upload(FileWork, Outcome):
    """A file of products that a member of staff has chosen, to be checked, loaded, and undone where it was wrong."""

    class Task(models.TextChoices):
        CHECK = "check", "Check"
        LOAD = "load", "Import"
        UNDO = "undo", "Undo"

    class Format(models.TextChoices):
        CSV = "csv", "A table (CSV, TSV)"
        GOOGLE = "google", "Google Merchant or Meta"
        SHOPIFY = "shopify", "Shopify"
        SHOPIFY_JSON = "shopify-json", "Shopify, as JSON"
        WOOCOMMERCE = "woocommerce", "WooCommerce"
        MAGENTO = "magento", "Magento"
        JSONL = "jsonl", "JSON"
        HOMEASSISTANT = "homeassistant", "Home Assistant"

    class Completeness(models.TextChoices):
        PART = "", "A part: other products stay as they are"
        WHOLE = "whole", "All there is: products of earlier imports that it lacks are hidden"
        CLEARED = "cleared", "All there is, also where more than a fifth is missing"

    RESULTS = (
        "rows", "created", "changed", "unchanged", "rejected", "deactivated", "pictures", "reasons", "problems",
        "warnings", "undone",
    )  # fmt: skip

    name = models.CharField("file", max_length=255)
    size = models.PositiveBigIntegerField("bytes", default=0)
    language = models.CharField(max_length=16, blank=True)  # of who uploaded it, for what a worker says of rows
    has_pictures = models.BooleanField(default=False)
    task = models.CharField(max_length=5, choices=Task, default=Task.CHECK)
    # What is said of the file: guessed first, and then a person's word.
    format = models.CharField(max_length=20, choices=Format, default=Format.CSV)
    encoding = models.CharField(max_length=20, default="utf-8")
    decimal = models.CharField("decimal mark", max_length=5, blank=True, choices=Source.Decimal)
    currency = models.CharField(max_length=3, blank=True)
    shop_url = models.CharField("shop URL", max_length=500, blank=True)
    source = models.CharField(max_length=100, default="csv")
    completeness = models.CharField(max_length=7, blank=True, choices=Completeness)
    columns = models.JSONField(default=list)  # [["Prix", "price"], ...] in the order of the file, of tables alone
    # What came of it, beside the counts; of a check, what would.
    reasons = models.JSONField(default=list)  # as those of a SourceRun
    problems = models.JSONField(default=list)  # the first, by line: [{"line": 7, "sku": "...", "reason": "..."}]
    warnings = models.JSONField(default=list)
    undone = models.JSONField(default=dict)  # {"restored": 3, "deleted": 1, ..., "edits": [...]}

    class Meta(FileWork.Meta):
        pass

    # Where somebody may do what; asked by pages and checked again where it is done.
    ENDED: ClassVar[tuple[str, ...]] = (FileWork.State.DONE, FileWork.State.FAILED, FileWork.State.STOPPED)

    def __str__(self) -> str:
        return self.name

    @property
    def may_load(self) -> bool:
        """May it be loaded, or loaded again where that broke off?"""
        if self.is_pruned or self.state == self.State.RECEIVING:
            return False
        broke_off = self.state in (self.State.FAILED, self.State.STOPPED)
        return self.task == self.Task.CHECK or (self.task == self.Task.LOAD and broke_off)

    @property
    def may_check(self) -> bool:
        """May more be said of how it is read? Not once it has written anything."""
        if self.task == self.Task.CHECK:
            return self.may_load
        return self.may_load and not self.products.exists()

    @property
    def may_undo(self) -> bool:
        """Is there something to be taken back?"""
        if self.is_pruned or self.state not in self.ENDED or self.task == self.Task.CHECK:
            return False
        return self.task == self.Task.LOAD or self.state != self.State.DONE


class ImportedProduct(models.Model):
    """What an upload did to one product: what it was before, and by what to tell whether it still is as it was left.

    No foreign key leads to the product: deleting one must not cost a look through all imports.
    """

    upload = models.ForeignKey(Upload, related_name="products", on_delete=models.CASCADE)
    product_id = models.BigIntegerField()
    is_new = models.BooleanField(default=False)
    former = models.JSONField(default=dict)  # by field; of pictures, all that it had
    written = models.JSONField(default=dict)  # by field a digest of what was written; of pictures, their keys

    class Meta:
        constraints = (models.UniqueConstraint(fields=["upload", "product_id"], name="one_note_of_a_product"),)

    def __str__(self) -> str:
        return f"{self.upload_id}: {self.product_id}"
