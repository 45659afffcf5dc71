"""How much of the catalogue has vectors while the rest waits: for /readyz, the shop's pages and the admin.

Everybody who looks costs the database two counts every few seconds at most, each of them bounded.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection
from django.db.models import Min
from django.utils import timezone

from api.counts import count_rows
from catalog.models import Product
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, PendingEmbedding

KEEP_S = 5
COVERAGE_KEY = "embeddings:coverage"
MOVED_KEY = "embeddings:moved-at"
STORED_KEY = "embeddings:stored"
MOVED_KEEP_S = 86_400


@dataclass(frozen=True)
class Coverage:
    """How many products have a vector in the live space."""

    embedded: int
    products: int


def read_coverage() -> Coverage | None:
    """Return how far the embedding is, None where no product waits for its first vector."""
    if oldest_due_at() is None:
        return None
    coverage: Coverage | None = cache.get(COVERAGE_KEY)
    if coverage is None:
        coverage = count_coverage()
        cache.set(COVERAGE_KEY, coverage, KEEP_S)
    return coverage if coverage.embedded < coverage.products else None


def count_coverage() -> Coverage:
    """Count now; in a large catalogue, from the statistics that Postgres keeps of its tables."""
    products, is_exact = count_rows(Product.objects.all())
    if not is_exact:
        return _estimate_coverage()
    live = EmbeddingSpace.objects.live()
    embedded = live.embeddings.filter(modality=FUSED).count() if live else 0
    return Coverage(embedded=min(embedded, products), products=products)


def _estimate_coverage() -> Coverage:
    """Return what is in the catalogue, less what waits: within a few products, as of a second ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_live_tup FROM pg_stat_user_tables WHERE relname = ANY(%s)",
            [[Product._meta.db_table, PendingEmbedding._meta.db_table]],
        )
        rows = dict(cursor.fetchall())
    products = rows.get(Product._meta.db_table, 0)
    return Coverage(embedded=max(0, products - rows.get(PendingEmbedding._meta.db_table, 0)), products=products)


def oldest_due_at() -> datetime | None:
    """Return when the oldest of the waiting products could have been embedded first."""
    oldest: datetime | None = PendingEmbedding.objects.due_now().aggregate(oldest=Min("retry_at"))["oldest"]
    return oldest


def note_movement(stored: int) -> None:
    """Write down that a batch was embedded just now, and of how many products vectors were stored."""
    cache.set(MOVED_KEY, timezone.now(), MOVED_KEEP_S)
    cache.add(STORED_KEY, 0, MOVED_KEEP_S)
    with contextlib.suppress(ValueError):  # it has run out since
        cache.incr(STORED_KEY, stored)


def take_stored() -> int:
    """Return of how many products vectors were stored since this was asked last; 0 where the cache has forgotten."""
    stored = int(cache.get(STORED_KEY) or 0)
    if stored:
        with contextlib.suppress(ValueError):
            cache.decr(STORED_KEY, stored)
    return stored


def read_standstill() -> timedelta | None:
    """Return how long products have waited with none embedded meanwhile, None where none waits."""
    oldest = oldest_due_at()
    if oldest is None:
        return None
    moved_at = cache.get(MOVED_KEY)
    return timezone.now() - max(oldest, moved_at or oldest)
