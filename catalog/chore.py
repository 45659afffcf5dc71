"""What is remembered of a chore from one time to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import models, transaction


class Chore(models.Model):
    """How far the round of a chore has come, and when the last one was done."""

    name = models.CharField(max_length=50, primary_key=True)
    state = models.JSONField(default=dict, help_text="Where its round is; empty between two rounds")
    done_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


@contextmanager
def take_turn(name: str) -> Iterator[Chore]:
    """Yield the chore for one step of its round, and keep what the step made of its state.

    Whoever else takes a step waits for this one, which is committed as a whole: killed within, it is as if not begun.
    """
    Chore.objects.get_or_create(name=name)
    with transaction.atomic():
        chore = Chore.objects.select_for_update().get(name=name)
        yield chore
        chore.save(update_fields=["state"])
