"""Pictures and sounds that are to be fetched from a URL. The rows are the queue; a Celery message only names one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

LEASE = timedelta(minutes=2)  # longer than one fetch may take: after it, a worker that died is not waited for
MAX_ATTEMPTS = 3
RETRY_FAILED_AFTER = timedelta(hours=20)  # by the same file imported again: once a night, though it begins earlier
SEND_TASK = "catalog.tasks.send_due_downloads"  # by name: tasks call this app's files, not the other way round too


class PictureDownloadQuerySet(models.QuerySet["PictureDownload"]):
    """Who is next."""

    def due(self, *, at: datetime) -> PictureDownloadQuerySet:
        """Waiting, or begun by a worker that has been silent for longer than its lease."""
        abandoned = Q(state=PictureDownload.State.FETCHING, leased_until__lt=at)
        return self.filter(Q(state=PictureDownload.State.WAITING) | abandoned)


class PictureDownload(models.Model):
    """A picture or sound of a product that a worker fetches, and how far that has come."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        FETCHING = "fetching", "Being fetched"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    class Kind(models.TextChoices):
        IMAGE = "image", "Picture"
        AUDIO = "audio", "Sound"

    product = models.ForeignKey("catalog.Product", related_name="downloads", on_delete=models.CASCADE)
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.IMAGE, db_default=Kind.IMAGE)
    url = models.URLField(max_length=2000)
    position = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: after those that there are")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it failed")
    image = models.ForeignKey("catalog.ProductImage", null=True, blank=True, on_delete=models.SET_NULL)
    sound = models.ForeignKey("catalog.ProductAudio", null=True, blank=True, on_delete=models.SET_NULL)
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[PictureDownloadQuerySet] = PictureDownloadQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state"], condition=~Q(state__in=["done", "failed"]), name="open_downloads")]

    def __str__(self) -> str:
        return f"{self.url} for {self.product_id}: {self.state}"

    def claim(self) -> bool:
        """Take this download. False means that another worker has it, or that it is finished."""
        now = timezone.now()
        taken = (
            PictureDownload.objects.due(at=now)
            .filter(pk=self.pk)
            .update(state=self.State.FETCHING, leased_until=now + LEASE, attempts=models.F("attempts") + 1)
        )
        if taken:
            self.refresh_from_db()
        return bool(taken)
