"""Somebody asks for products to be embedded at once: what failed is tried again, and what waits for later comes now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from api import heartbeats
from embeddings.freshness import bell
from embeddings.models import PendingEmbedding

MOST_AT_ONCE = 10_000  # products; ten statements of 30 ms
CHUNK = 1_000


@dataclass(frozen=True)
class Asked:
    """What became of it."""

    queued: int
    busy: int  # products of chunks in which somebody was saving one just then
    is_worker_there: bool


def embed_again(product_ids: Sequence[int]) -> Asked:
    """Queue products, at most MOST_AT_ONCE, as if they had changed, and ring. What is the same is not encoded twice."""
    queued = busy = 0
    for start in range(0, min(len(product_ids), MOST_AT_ONCE), CHUNK):
        chunk = product_ids[start : start + CHUNK]
        count = PendingEmbedding.objects.put_changed(chunk)
        queued, busy = queued + (count or 0), busy + (len(chunk) if count is None else 0)
    bell.ring_after_commit()
    return Asked(queued=queued, busy=busy, is_worker_there=is_worker_there())


def is_worker_there() -> bool:
    """Was the worker that embeds heard of lately? Yes where nobody here could hear it."""
    if not heartbeats.is_shared():
        return True
    silence_s = heartbeats.read_silence_s(settings.CELERY_TASK_DEFAULT_QUEUE)
    return silence_s is not None and silence_s <= heartbeats.SILENT_AFTER_S
