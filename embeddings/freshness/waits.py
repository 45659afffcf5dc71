"""Traces that end when a product can be found: its save's, whichever bell, worker or batch then embeds it.

Noted in the cache as the product is saved, where spans are taken at all, and forgotten within an hour.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from django.core.cache import cache

from api import tracing

KEY = "embeddings:wait:%d"
KEPT_S = 3600


def note_waits(product_ids: Sequence[int]) -> None:
    """Remember in which trace these products were saved. The last save of a product counts."""
    if parent := tracing.carry_span():
        since_ns = time.time_ns()
        cache.set_many({KEY % product_id: (parent, since_ns) for product_id in product_ids}, KEPT_S)


def end_waits(product_ids: Collection[int]) -> None:
    """Have each of these traces say how long its product waited, and which batch it was embedded in."""
    if product_ids and tracing.is_on():
        noted = cache.get_many([KEY % product_id for product_id in product_ids])
        cache.delete_many(noted)
        for parent, since_ns in set(noted.values()):  # of a thousand that were saved together, once
            tracing.add_span("searchable", parent=parent, since_ns=since_ns)
