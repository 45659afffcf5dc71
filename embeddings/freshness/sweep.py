"""The comparison of the whole catalogue with its vectors, a slice at a time.

Triggers queue what changes one by one. What they cannot see (rows restored without them, vectors deleted by hand) is
found as the slices come round. What concerns any number of products at once, such as the new name of a category, a
space's dial or a promotion, asks for an urgent sweep: it begins anew and goes on without waiting for the next beat.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import QuerySet

from catalog.models import Product
from embeddings.freshness.staleness import exclude_queued, find_stale
from embeddings.models import CatalogueSweep, EmbeddingSpace, PendingEmbedding

SLICE = 2_000  # products; at one a minute 2.9 million are compared in a day
URGENT_S = 30.0  # of each minute, so that the worker of one thread embeds what it has found, too


def request_sweep() -> None:
    """Have the whole catalogue compared at once, from its beginning, as triggers ask for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.kindred_request_sweep()")


def sweep_slice() -> int:
    """Compare the next slice, and where the sweep is urgent the ones after it for URGENT_S; return how many are queued.

    What changed is queued before the position is written down, and that only if nobody has asked for a new beginning
    meanwhile: two who sweep at once do nothing worse than the same work twice.
    """
    return _sweep(until=time.monotonic() + URGENT_S)


def sweep_all() -> int:
    """Compare the whole catalogue now, however long it takes; return how many products were queued."""
    request_sweep()
    return _sweep(until=math.inf)


def _sweep(*, until: float) -> int:
    queued, is_urgent = _advance()
    while is_urgent and time.monotonic() < until:
        more, is_urgent = _advance()
        queued += more
    return queued


def _advance() -> tuple[int, bool]:
    """Compare one slice; return how many were queued, and whether the next one is urgent."""
    sweep, _ = CatalogueSweep.objects.get_or_create(pk=1)
    last = find_end(sweep.position)
    queued = 0
    for stale in _find_slices(sweep, last):
        ids = list(stale.values_list("pk", flat=True))
        put = PendingEmbedding.objects.put_changed if sweep.is_urgent else PendingEmbedding.objects.put_many
        count = put(ids) if ids else 0
        if count is None:
            return queued, sweep.is_urgent  # the same slice again, when its saver is done
        queued += count
    is_open = sweep.is_urgent and last is not None
    _write_position(sweep, position=last or 0, is_urgent=is_open)
    return queued, is_open


def _write_position(sweep: CatalogueSweep, *, position: int, is_urgent: bool) -> None:
    """Move a sweep on, unless somebody was quicker, or asks for a new beginning just now: that is not waited for."""
    unchanged = CatalogueSweep.objects.filter(requests=sweep.requests, position=sweep.position)
    with transaction.atomic():
        if unchanged.select_for_update(skip_locked=True).exists():
            unchanged.update(position=position, is_urgent=is_urgent)


def _find_slices(sweep: CatalogueSweep, last: int | None) -> Iterator[QuerySet[Product]]:
    """Yield, for each space that is kept fresh, the stale products of the slice that are to be queued."""
    for space in EmbeddingSpace.objects.kept_fresh():
        if space.status == EmbeddingSpace.Status.BUILDING:
            continue  # the build itself goes on until nothing is stale
        stale = exclude_queued(find_stale(space), even_leased=not sweep.is_urgent)
        yield select_slice(stale, after=sweep.position, last=last)


def find_end(position: int) -> int | None:
    """Return the id of the last product of the slice after `position`, None where the catalogue ends in it."""
    ids = Product.objects.filter(pk__gt=position).order_by("pk").values_list("pk", flat=True)
    return ids[SLICE - 1 : SLICE].first()


def select_slice(products: QuerySet[Product], *, after: int, last: int | None) -> QuerySet[Product]:
    """Return those of the products that are in a slice."""
    products = products.filter(pk__gt=after)
    return products if last is None else products.filter(pk__lte=last)
