"""What a worker does for a person with a file: a row that waits, is claimed, says how far it is, and ends."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class FileWork(models.Model):
    """One thing to be done with a file, for whoever asked."""

    class State(models.TextChoices):
        RECEIVING = "receiving", "Being received"
        WAITING = "waiting", "Waiting"
        WORKING = "working", "At work"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped"

    OPEN = (State.WAITING, State.WORKING)
    RESULTS: ClassVar[tuple[str, ...]] = ()  # fields that whoever does the work fills in

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, related_name="+", on_delete=models.SET_NULL
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    is_stop_wanted = models.BooleanField("to be stopped", default=False)
    error = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    lease = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    asked_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    # How far it is: bytes of a file that is read twice, or products of those that there are.
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    is_pruned = models.BooleanField(default=False)  # its files are gone, and what products were before

    class Meta:
        abstract = True
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["state"], condition=Q(state__in=["waiting", "working"]), name="open_%(class)ss"),
        )

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def share_done(self) -> float | None:
        """How far it is, of 1; None where nobody knows."""
        return min(self.done / self.total, 1.0) if self.total else None
