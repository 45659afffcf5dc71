"""How long it is kept who saw what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from catalog.models import ViewRecord
from catalog.pruning import register_pruner

DELETED_AT_ONCE = 5000  # rows: a statement of a fraction of a second


@register_pruner("views", title="Views of cases")
def prune_views(dry_run: bool) -> Iterator[int]:
    """Delete rows older than KINDRED_AUDIT_KEPT_DAYS, if it is not 0."""
    if not settings.KINDRED_AUDIT_KEPT_DAYS:
        return
    before = timezone.now() - timedelta(days=settings.KINDRED_AUDIT_KEPT_DAYS)
    old = ViewRecord.objects.filter(seen_at__lt=before).order_by("seen_at", "id")
    if dry_run:
        yield old.count()
        return
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL kindred.prunes_views = 'on'")  # what the trigger asks for
            deleted, _by_model = ViewRecord.objects.filter(
                pk__in=list(old.values_list("pk", flat=True)[:DELETED_AT_ONCE])
            ).delete()
            cursor.execute("SET LOCAL kindred.prunes_views = 'off'")
        yield deleted
        if deleted < DELETED_AT_ONCE:
            return
