"""What of the embedding is counted, and what a scrape reads of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone
from prometheus_client import Counter, Histogram

from api.counts import count_rows
from api.metrics.state import Reading, StateMetric, register_reader
from api.tracing import span
from embeddings.coverage import oldest_due_at
from embeddings.models import EmbeddingSpace, PendingEmbedding

PRODUCTS = Counter(
    "kindred_products_refreshed", "Products that were refreshed, by what came of it, in all spaces.", ["outcome"]
)
FAILURES = Counter(
    "kindred_embedding_failures", "Products that got no vector, or one that lacks something, by why.", ["reason"]
)
ENCODED = Counter("kindred_inputs_encoded", "Texts, pictures and others that an encoder was asked for.", ["modality"])
STAGE_SECONDS = Histogram(
    "kindred_stage_seconds",
    "Stages of refreshing a batch of products.",
    ["stage"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

PENDING = StateMetric(
    "kindred_pending_products",
    "Products in the queue: due, to be tried again later, or parked until they change; an estimate from 10,000 on.",
    ("state",),
)
OLDEST = StateMetric(
    "kindred_pending_oldest_seconds", "For how long the oldest due product has waited; 0 where none does."
)
LIVE_SPACE = StateMetric("kindred_live_space_info", "1 for the space that is live.", ("space",))
SPACE_PROMOTED = StateMetric("kindred_live_space_promoted_timestamp_seconds", "When the live space was promoted.")


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure a stage of refreshing a batch, and have it be a span."""
    begun = time.perf_counter()
    try:
        with span(name):
            yield
    finally:
        STAGE_SECONDS.labels(name).observe(time.perf_counter() - begun)


@register_reader("queue", PENDING, OLDEST)
def read_queue() -> Iterator[Reading]:
    now, queue = timezone.now(), PendingEmbedding.objects
    parts = {"due": queue.due_now(), "later": queue.filter(retry_at__gt=now), "parked": queue.filter(retry_at=None)}
    for state, rows in parts.items():
        yield PENDING.of(count_rows(rows).number, state)
    oldest = oldest_due_at()
    yield OLDEST.of(max((now - oldest).total_seconds(), 0) if oldest else 0)


@register_reader("live space", LIVE_SPACE, SPACE_PROMOTED)
def read_live_space() -> Iterator[Reading]:
    live = EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.LIVE).values_list("name", "promoted_at").first()
    if live is None:
        return
    name, promoted_at = live
    yield LIVE_SPACE.of(1, name)
    if promoted_at is not None:
        yield SPACE_PROMOTED.of(promoted_at.timestamp())
