"""Vectors of spaces that were retired long ago: they go, with their indexes; the recipe stays.

So `spaces list` names the space, and `spaces build` makes its vectors again, which encodes nothing that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from catalog.pruning import register_pruner
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.building import REBUILT_AT
from embeddings.spaces.indexes import drop_indexes
from embeddings.spaces.lifecycle import PROMOTE_LOCK
from embeddings.spaces.locks import BUILD_LOCK, lock_until_commit, read_holder

DELETED_AT_ONCE = 5000  # vectors: a statement of a fraction of a second


@register_pruner("spaces", title="Vectors of spaces that were retired long ago")
def drop_idle_vectors(dry_run: bool) -> Iterator[int]:
    """Delete them; never of the live space, nor of the one to roll back to, nor of one that is being built."""
    for space in find_idle():
        if dry_run:
            yield ProductEmbedding.objects.filter(space=space).count()
            continue
        count = _delete_vectors(space)
        if count:
            drop_indexes(space)  # nobody serves it any more: some of its vectors are missing
        yield count
        while count >= DELETED_AT_ONCE:
            count = _delete_vectors(space)
            yield count


def _delete_vectors(space: EmbeddingSpace) -> int:
    """Delete the next vectors of a space, unless it has come to be in use since it was found; return how many."""
    with transaction.atomic():
        lock_until_commit(PROMOTE_LOCK)  # it may be served again just now
        vectors = ProductEmbedding.objects.filter(space=space).order_by()
        ids = list(vectors.values_list("pk", flat=True)[:DELETED_AT_ONCE]) if space in find_idle() else []
        count, _by_model = ProductEmbedding.objects.filter(pk__in=ids).delete()
    return count


def find_idle() -> list[EmbeddingSpace]:
    """Return the spaces that have been out of use for KINDRED_SPACES_KEPT_DAYS and have vectors still."""
    if not settings.KINDRED_SPACES_KEPT_DAYS:
        return []
    if read_holder(BUILD_LOCK):
        return []
    before = timezone.now() - timedelta(days=settings.KINDRED_SPACES_KEPT_DAYS)
    target = EmbeddingSpace.objects.rollback_target()
    retired = Q(status=EmbeddingSpace.Status.RETIRED, retired_at__lt=before)
    failed = Q(status=EmbeddingSpace.Status.FAILED, created_at__lt=before)
    spaces = EmbeddingSpace.objects.filter(retired | failed).exclude(pk__in=[target.pk] if target else [])
    return [space for space in spaces if not _was_rebuilt(space, since=before) and space.embeddings.exists()]


def _was_rebuilt(space: EmbeddingSpace, *, since: datetime) -> bool:
    at = parse_datetime(str(space.report.get(REBUILT_AT, "")))
    return at is not None and at >= since
