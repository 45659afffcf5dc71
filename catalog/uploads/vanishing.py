"""Products of earlier imports that a complete file lacks: hidden, and kept so that it can be undone."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from catalog.importers.load import Loader
from catalog.importers.vanished import CHUNK, find_vanished, products_of, split_ids
from catalog.models import Product, Upload
from catalog.sources.source import MAX_GONE
from catalog.uploads.keeping import Keeper, digest_value


def count_shown(upload: Upload) -> int:
    """Return how many products of earlier imports are shown, where it is asked what becomes of them."""
    return products_of(upload.source).count() if upload.completeness else 0


def settle_vanished(upload: Upload, loader: Loader, keeper: Keeper | None, *, shown: int) -> None:
    """Hide what the file lacks where it was said to be all there is. Without a keeper it is a check: only counted.

    `shown` were shown before the import.
    """
    report = loader.report
    if not upload.completeness or not report.loaded:
        return
    if report.rejected_unnamed:
        report.warn(
            gettext(
                "%(count)s rows could not be read so far as to say which products they are: nothing was hidden. Mend "
                "them and import again."
            )
            % {"count": report.rejected_unnamed}
        )
        return
    ids = find_vanished(products_of(upload.source), present=loader.present)
    is_many = len(ids) > MAX_GONE * shown
    if is_many and upload.completeness != Upload.Completeness.CLEARED:
        report.warn(
            gettext(
                "%(count)s of the %(shown)s products of earlier imports (%(source)s) are not in the file, more than "
                "%(share)s: nothing is hidden. If they are really gone, say so in the choice above."
            )
            % {"count": len(ids), "shown": shown, "source": upload.source, "share": f"{MAX_GONE:.0%}"}
        )
        return
    report.deactivated = len(ids)
    if keeper is not None:
        report.deactivated = sum(_hide(chunk, keeper, source=upload.source) for chunk in split_ids(ids, CHUNK))


@transaction.atomic
def _hide(ids: Sequence[int], keeper: Keeper, *, source: str) -> int:
    """Hide those that are still of the source and shown, and return how many they are."""
    now = timezone.now()
    rows = Product.objects.filter(pk__in=ids, source=source, is_active=True, left_source_at=None)
    found = list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    Product.objects.filter(pk__in=found).update(is_active=False, left_source_at=now, updated_at=now)
    former = {"is_active": True, "left_source_at": None}
    written = {"is_active": digest_value(False), "left_source_at": digest_value(now)}
    keeper.keep({"product_id": pk, "is_new": False, "former": former, "written": written} for pk in found)
    return len(found)
