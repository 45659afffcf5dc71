"""Runs of sources: what was asked for, how far it is, and what came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from catalog.sources.outcome import Outcome

KEPT_RUNS = 50  # of each source; older ones are forgotten


class SourceRun(Outcome):
    """One time that a source was read, or is to be."""

    class Start(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        PERSON = "person", "A person"
        DRY_RUN = "dry_run", "Dry run"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        FETCHING = "fetching", "Being fetched"
        READING = "reading", "Being read"
        DONE = "done", "Done"
        UNCHANGED = "unchanged", "Unchanged"
        FAILED = "failed", "Failed"
        ASKING = "asking", "Waiting for a person"
        STOPPED = "stopped", "Stopped"
        BROKEN_OFF = "broken_off", "Broken off"

    AT_WORK = (State.FETCHING, State.READING)
    OPEN = (State.WAITING, *AT_WORK)

    source = models.ForeignKey("catalog.Source", related_name="runs", on_delete=models.CASCADE)
    start = models.CharField("started by", max_length=8, choices=Start)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    is_stop_wanted = models.BooleanField("to be stopped", default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # How far it is. Bytes are those of the fetch and then those of the content.
    done_bytes = models.PositiveBigIntegerField("bytes done", default=0)
    total_bytes = models.PositiveBigIntegerField("bytes in all", null=True, help_text="Empty: nobody knows yet")
    rows = models.PositiveIntegerField(default=0)
    # What came of it, beside the counts; of a dry run, what would have.
    size = models.PositiveBigIntegerField("bytes of the feed", default=0)
    deleted = models.PositiveIntegerField(default=0)
    vanished = models.PositiveIntegerField(default=0, help_text="Products of the source that the feed does not have")
    vanished_examples = models.JSONField(default=list, blank=True)  # [{"sku": "...", "title": "..."}]
    reasons = models.JSONField(
        default=list,
        blank=True,
        help_text='Why rows were rejected: [{"reason": "...", "count": 2, "examples": [{"line": 7, "sku": "..."}]}]',
    )
    rejected_rows = models.TextField(blank=True, help_text="The first of them as CSV, to be mended")
    warnings = models.JSONField(default=list, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(state__in=["fetching", "reading"]), name="one_run_at_work"
            ),
            models.UniqueConstraint(
                fields=["source", "start"], condition=Q(state="waiting"), name="one_run_of_a_kind_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.start}, {self.state}"

    @property
    def is_dry(self) -> bool:
        return self.start == self.Start.DRY_RUN
