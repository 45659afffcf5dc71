"""What every decision of staff has: when it holds, whether it is switched on, and what it is called."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

# SQL: whether the row `r` holds at the moment %(at)s.
HOLDS = "r.is_active AND (r.starts_at IS NULL OR r.starts_at <= %(at)s) AND (r.ends_at IS NULL OR r.ends_at > %(at)s)"
STARTS_BEFORE_IT_ENDS = Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at"))


class InForce(models.Model):
    """A decision that may have a beginning, an end and a name."""

    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, help_text="Named in the answers, such as Autumn campaign")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def state(self, *, at: datetime) -> str:
        """Return whether it works at that moment, in words."""
        return self.find_obstacle(at=at) or gettext("in force")

    def find_obstacle(self, *, at: datetime) -> str:
        """Return in words why it does not work at that moment; empty where it does."""
        if not self.is_active:
            return gettext("switched off")
        if self.starts_at is not None and self.starts_at > at:
            return gettext("not in force yet")
        if self.ends_at is not None and self.ends_at <= at:
            return gettext("over")
        return ""

    def check_window(self) -> dict[str, str]:
        """Return what is wrong with its beginning and end, by field."""
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            return {"ends_at": gettext("The rule has to end after it starts.")}
        return {}
