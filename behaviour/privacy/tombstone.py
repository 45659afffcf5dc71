"""What is left of somebody who was erased: a hash, by which their events are refused when they are sent again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import models

FIND = "SELECT replace(key::text, '-', '') FROM behaviour_tombstone WHERE key = ANY(%s::uuid[])"


class Tombstone(models.Model):
    """The pseudonym of a user who was erased, or of a session or an order that was erased with them.

    Kept as long as an event would be: by then none of them is young enough to be sent.
    """

    key = models.UUIDField(primary_key=True, help_text="Pseudonym")
    erased_at = models.DateTimeField()
    is_done = models.BooleanField(default=True, help_text="False of a user whose events are still being deleted")

    class Meta:
        indexes = [
            models.Index(fields=["erased_at"], name="tombstone_by_time"),
            models.Index(fields=["key"], name="tombstone_to_be_done", condition=models.Q(is_done=False)),
        ]

    def __str__(self) -> str:
        return str(self.key)


def find_erased(cursor: Any, keys: Collection[str]) -> set[str]:
    """Return those of the pseudonyms, 32 digits each, that were erased."""
    if not keys:
        return set()
    cursor.execute(FIND, [list(keys)])
    return {key for (key,) in cursor.fetchall()}
