"""The comparison of the whole catalogue with its vectors, a slice at a time.

Triggers queue what changes one by one. What they cannot see (rows restored without them, vectors deleted by hand) is
found as the slices come round. What concerns any number of products at once, such as the new name of a category, a
space's dial or a promotion, asks for an urgent sweep: it goes on without waiting for the next beat until it has come
round to where it was when it was asked for. It never begins anew, so that no product waits for ever where somebody asks
again and again.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from django.db import connection, transaction
from django.db.models import QuerySet

from catalog.models import Product
from embeddings.freshness.staleness import exclude_queued, find_stale
from embeddings.models import CatalogueSweep, EmbeddingSpace, PendingEmbedding, SweepRequest

SLICE = 2_000  # products; at one a minute 2.9 million are compared in a day
URGENT_S = 30.0  # of each minute, so that the worker of one thread embeds what it has found, too
PATIENCE_S = 5.0  # with who is saving a product of the slice; an import holds its rows for a fraction of a second
MOST_REFUSALS = 100  # parts of a slice, of 0.2 s each, before those that are left are left to who holds them
Put = Callable[[Sequence[int]], int | None]


def request_sweep() -> None:
    """Have the whole catalogue compared at once, as triggers ask for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.kindred_request_sweep()")


def sweep_slice() -> int:
    """Compare the next slice, and where the sweep is urgent the ones after it for URGENT_S; return how many are queued.

    What changed is queued before the position is written down, and that only if nobody else has moved on or taken a
    request meanwhile: two who sweep at once do nothing worse than the same work twice.
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
    sweep = _take_requests()
    last = find_end(sweep.position)
    put = PendingEmbedding.objects.put_changed if sweep.is_urgent else PendingEmbedding.objects.put_many
    queued = sum(_queue(list(stale.values_list("pk", flat=True)), put=put) for stale in _find_slices(sweep, last))
    is_urgent = sweep.is_urgent and not _has_come_round(sweep, last)
    unchanged = CatalogueSweep.objects.filter(requests=sweep.requests, position=sweep.position)
    unchanged.update(position=last or 0, is_urgent=is_urgent)
    return queued, is_urgent


def _take_requests() -> CatalogueSweep:
    """Return how far the sweep is; urgent until it comes round to here where somebody has asked for one.

    A request is a row of its own, so that who asks waits for nobody, however long the transactions of others take, and
    nobody waits for him.
    """
    with transaction.atomic():
        sweep, _ = CatalogueSweep.objects.select_for_update().get_or_create(pk=1)
        taken, _ = SweepRequest.objects.all().delete()
        if taken:
            sweep.requests += 1
            sweep.is_urgent, sweep.urgent_until = True, sweep.position
            sweep.save()
    return sweep


def _has_come_round(sweep: CatalogueSweep, last: int | None) -> bool:
    """Return whether an urgent sweep is over with the slice that ends with `last`."""
    if last is None:
        return sweep.position < sweep.urgent_until or sweep.urgent_until == 0
    return sweep.position < sweep.urgent_until <= last


def _queue(product_ids: Sequence[int], *, put: Put) -> int:
    """Queue what is stale in a slice; return how many. One that somebody holds for long keeps no other one out.

    It is his to queue: the change he makes does so. If he takes it back, the next round finds the product.
    """
    if not product_ids:
        return 0
    deadline = time.monotonic() + PATIENCE_S
    while (count := put(product_ids)) is None:
        if time.monotonic() >= deadline:
            return _queue_parts(product_ids, put=put)
    return count


def _queue_parts(product_ids: Sequence[int], *, put: Put) -> int:
    """Queue the halves of a slice, and the halves of those that somebody holds, the largest first."""
    parts = deque([product_ids])
    queued = refusals = 0
    while parts and refusals < MOST_REFUSALS:
        part = parts.popleft()
        half = len(part) // 2
        for ids in filter(None, (part[:half], part[half:])):
            count = put(ids)
            if count is not None:
                queued += count
                continue
            refusals += 1
            if len(ids) > 1:
                parts.append(ids)
    return queued


def _find_slices(sweep: CatalogueSweep, last: int | None) -> Iterator[QuerySet[Product]]:
    """Yield, for each space that is kept fresh, the stale products of the slice that are to be queued."""
    for space in EmbeddingSpace.objects.kept_fresh():
        if space.status == EmbeddingSpace.Status.BUILDING:
            continue  # the build itself goes on until nothing is stale
        stale = exclude_queued(find_stale(space), space=space, even_leased=not sweep.is_urgent)
        yield select_slice(stale, after=sweep.position, last=last)


def find_end(position: int) -> int | None:
    """Return the id of the last product of the slice after `position`, None where the catalogue ends in it."""
    ids = Product.objects.filter(pk__gt=position).order_by("pk").values_list("pk", flat=True)
    return ids[SLICE - 1 : SLICE].first()


def select_slice(products: QuerySet[Product], *, after: int, last: int | None) -> QuerySet[Product]:
    """Return those of the products that are in a slice."""
    products = products.filter(pk__gt=after)
    return products if last is None else products.filter(pk__lte=last)
