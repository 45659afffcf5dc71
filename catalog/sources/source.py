"""Sources: feeds that products come from, and what has been agreed about each."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from catalog.sources.addresses import name_server
from catalog.sources.feed import Credentials, Validators
from catalog.sources.schedules import Schedule, read_schedule
from catalog.sources.sealing import seal_credentials, unseal_credentials
from catalog.sources.value_checks import validate_currency, validate_encoding, validate_schedule

READING = 1  # raised where readers make something else of the same feed: unchanged feeds are read once more then
# An unchanged feed is read again after this: sales in it begin and end by the calendar.
READ_AGAIN_AFTER = timedelta(hours=24)
BAD_NAME = gettext_lazy("Write the name with letters, digits, spaces, dots, hyphens and underscores.")
MAX_GONE = 0.2  # of a source's products: more are rather a file cut short than a shop cleared out
# What a feed is read by: where it changes, the same feed makes other products.
READ_BY = ("kind", "address", "shop_url", "currency", "language", "encoding", "decimal", "pictures", "vanished")


class SourceQuerySet(models.QuerySet["Source"]):
    """Whose turn it is."""

    def due(self, *, at: datetime) -> SourceQuerySet:
        """To be read by now, and not being read by anybody who is alive."""
        return self.filter(Q(leased_until=None) | Q(leased_until__lt=at), is_enabled=True, next_run_at__lte=at)

    def left_behind(self, *, at: datetime) -> SourceQuerySet:
        """Being read by somebody who has fallen silent."""
        return self.filter(leased_until__lt=at)


class Source(models.Model):
    """A feed that products come from, read again and again. `Product.source` holds its name."""

    class Kind(models.TextChoices):
        GOOGLE = "google", "Google Merchant feed"
        SHOPIFY = "shopify", "Shopify"
        WOOCOMMERCE = "woocommerce", "WooCommerce export"
        MAGENTO = "magento", "Magento export"
        CSV = "csv", "CSV"
        JSONL = "jsonl", "JSON lines"

    class Pictures(models.TextChoices):
        ALL = "all", "All pictures"
        FIRST = "first", "The first picture only"
        NONE = "none", "No pictures"

    class Vanished(models.TextChoices):
        DEACTIVATE = "deactivate", "Deactivate them"
        KEEP = "keep", "Keep them"
        DELETE = "delete", "Delete them"

    class Decimal(models.TextChoices):
        AS_WRITTEN = "", "As the feed's clear prices have it"
        POINT = "point", "1,234.50"
        COMMA = "comma", "1.234,50"

    class Decision(models.TextChoices):
        NONE = "", "None"
        LET_GO = "let_go", "Let them go"
        KEEP = "keep", "Keep them"

    SCHEDULES: ClassVar[dict[str, str]] = {  # the usual ones of each kind, in UTC
        Kind.GOOGLE: "every 6 hours",
        Kind.SHOPIFY: "every 2 hours",
        Kind.WOOCOMMERCE: "every 6 hours",
        Kind.MAGENTO: "daily at 03:00",
        Kind.CSV: "every hour",
        Kind.JSONL: "every hour",
    }

    name = models.CharField(
        max_length=100,
        unique=True,
        validators=[RegexValidator(r"^\w[\w .-]*$", BAD_NAME)],
        help_text="Products that it makes carry it, so it stays as it is",
    )
    kind = models.CharField(max_length=11, choices=Kind)
    address = models.CharField(max_length=2000, help_text="http:// or https://, or a file in the folder of feeds")
    schedule = models.CharField(
        max_length=40,
        blank=True,
        validators=[validate_schedule],
        help_text='"every 30 minutes", "every 6 hours" or "daily at 03:30" (UTC); empty: as is usual for its kind',
    )
    sealed_credentials = models.TextField(blank=True, editable=False)
    currency = models.CharField(
        max_length=3, blank=True, validators=[validate_currency], help_text="Of prices that the feed gives none for"
    )
    language = models.CharField(
        max_length=11,
        blank=True,
        help_text="Only for a feed that translates the products of another one, such as de: it adds its titles and "
        "descriptions to them, and nothing else. Empty: the catalogue's own language",
    )
    shop_url = models.CharField(
        "shop URL",
        max_length=500,
        blank=True,
        help_text="Address of the shop, where the feed names its pages without it",
    )
    encoding = models.CharField(max_length=20, default="utf-8", validators=[validate_encoding])
    decimal = models.CharField("decimal mark", max_length=5, blank=True, choices=Decimal)
    pictures = models.CharField(max_length=5, choices=Pictures, default=Pictures.ALL)
    vanished = models.CharField(
        "products that vanish",
        max_length=10,
        choices=Vanished,
        default=Vanished.DEACTIVATE,
        help_text="What becomes of the source's products that the feed does not have any more",
    )
    guard = models.FloatField(
        default=MAX_GONE,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Share of its products that may vanish at once before a person is asked",
    )
    claims = models.BooleanField(
        "takes over products", default=False, help_text="Products in the feed that no import made become its own"
    )
    is_enabled = models.BooleanField("enabled", default=False)
    # What was read whole last, to be asked for only if it has changed.
    etag = models.CharField("ETag", max_length=500, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    content_sha256 = models.CharField("content", max_length=64, blank=True, editable=False)
    read_as = models.CharField(max_length=64, blank=True, editable=False, help_text="With which options that was read")
    read_at = models.DateTimeField(null=True, editable=False)
    tried_as = models.CharField(max_length=64, blank=True, editable=False, help_text="Options of the last dry run")
    # Its turn, and who has it.
    next_run_at = models.DateTimeField("next run", null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="Runs that failed, one after another")
    lease = models.CharField(max_length=32, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    # What waits for a person, and what they said.
    asking_run = models.ForeignKey(
        "catalog.SourceRun", null=True, editable=False, related_name="+", on_delete=models.SET_NULL
    )
    decision = models.CharField(max_length=6, blank=True, choices=Decision, editable=False)
    decided_count = models.PositiveIntegerField(default=0, editable=False, help_text="How many products it was about")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[SourceQuerySet] = SourceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        indexes = [
            models.Index(fields=["next_run_at"], condition=Q(is_enabled=True), name="source_due"),
            models.Index(fields=["leased_until"], condition=Q(leased_until__isnull=False), name="source_leased"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def timetable(self) -> Schedule:
        """When it is read."""
        return read_schedule(self.schedule or self.SCHEDULES[self.kind])

    @property
    def has_credentials(self) -> bool:
        return bool(self.sealed_credentials)

    def read_credentials(self) -> Credentials | None:
        """Return what lets us in. Raises SealBroken."""
        sealed = self.sealed_credentials
        return unseal_credentials(sealed, server=name_server(self.address)) if sealed else None

    def set_credentials(self, credentials: Credentials | None) -> None:
        """Take other credentials for the server of the address, or none. Does not save."""
        self.sealed_credentials = seal_credentials(credentials, server=name_server(self.address)) if credentials else ""
        # Whoever they show the feed to may see another one.
        self.read_as = ""

    @property
    def reading(self) -> str:
        """What stands for all that the outcome of reading the same feed depends on."""
        said = [READING, *(getattr(self, name) for name in READ_BY)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    @property
    def is_tried(self) -> bool:
        """Has a dry run with these options been through, or has it been read in earnest?"""
        return self.read_at is not None or self.tried_as == self.reading

    @property
    def has_current_content(self) -> bool:
        """Is the catalogue what the content that was read last makes of it? Where a person decided it is to be read."""
        if self.read_at is None or self.read_as != self.reading or self.decision:
            return False
        # A clock that was put right may say that it was read in times to come.
        return timedelta(0) <= timezone.now() - self.read_at < READ_AGAIN_AFTER

    @property
    def validators(self) -> Validators:
        """What to ask the server by: nothing where the feed is wanted in any case."""
        return Validators(self.etag, self.last_modified) if self.has_current_content else Validators()
