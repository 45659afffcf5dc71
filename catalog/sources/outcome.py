"""What came of reading products in bulk: counted alike of a source's run and of a file that staff upload."""

from __future__ import annotations

from django.db import models


class Outcome(models.Model):
    """Counts of products. Of a check or a dry run, what would come of it."""

    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    deactivated = models.PositiveIntegerField(default=0)
    pictures = models.PositiveIntegerField("pictures to fetch", default=0)

    class Meta:
        abstract = True
