"""Sessions of browsers that are over: Django refuses them, and leaves their rows where they are."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.sessions.models import Session
from django.utils import timezone

from catalog.pruning import register_pruner

DELETED_AT_ONCE = 5000  # rows: a statement of a fraction of a second


@register_pruner("log_ins", title="Sessions of browsers that are over")
def prune_log_ins(dry_run: bool) -> Iterator[int]:
    """Delete them, the oldest first."""
    over = Session.objects.filter(expire_date__lt=timezone.now()).order_by("expire_date")
    if dry_run:
        yield over.count()
        return
    count = DELETED_AT_ONCE
    while count >= DELETED_AT_ONCE:
        count, _by_model = Session.objects.filter(pk__in=over.values("pk")[:DELETED_AT_ONCE]).delete()
        yield count
