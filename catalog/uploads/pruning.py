"""What is kept of uploads and exports for a time only: files, and what products were before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from catalog.models import Export, ImportedProduct, Upload
from catalog.pruning import register_pruner
from catalog.uploads.receiving import drop_upload
from catalog.uploads.storage import forget_files

RECEIVED_WITHIN = timedelta(days=1)  # or whoever sent it has closed the page
DELETED_AT_ONCE = 5000  # notes: a statement of a fraction of a second


@register_pruner("uploads", title="Imports and exports")
def prune_uploads(dry_run: bool) -> Iterator[int]:
    """Forget files and former values of what ended long ago, one upload or export at a time; outcomes stay."""
    now = timezone.now()
    before = now - timedelta(days=settings.KINDRED_IMPORT_KEPT_DAYS)
    broken_off = Upload.objects.filter(state=Upload.State.RECEIVING, created_at__lt=now - RECEIVED_WITHIN)
    uploads = Upload.objects.filter(is_pruned=False, asked_at__lt=before).exclude(state__in=Upload.OPEN)
    exports = Export.objects.filter(is_pruned=False, asked_at__lt=before).exclude(state__in=Export.OPEN)
    if dry_run:
        yield broken_off.count() + uploads.count() + exports.count()
        return
    for upload in broken_off:
        drop_upload(upload)
        yield 1
    for ended in (uploads, exports):
        for work in ended:
            # First what says that it cannot be undone any more, unless somebody has begun with that meanwhile.
            if ended.filter(pk=work.pk).update(is_pruned=True):
                forget_files(work)
                yield 1
    for _ in _forget_notes():
        yield 0


def _forget_notes() -> Iterator[int]:
    """Delete notes of uploads that cannot be undone, also such as an earlier call did not come to."""
    for upload in Upload.objects.filter(is_pruned=True, products__isnull=False).distinct():
        while ids := list(upload.products.values_list("pk", flat=True)[:DELETED_AT_ONCE]):
            yield ImportedProduct.objects.filter(pk__in=ids).delete()[0]
