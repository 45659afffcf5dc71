"""Doorways for the worker: each is one call, tried again by beat rather than by Celery."""

from __future__ import annotations

from celery import shared_task

from embeddings import bell, services

EMBED_EXPIRES_S = 300  # a bell that nobody heard for so long has been followed by many others


@shared_task(name="embeddings.tasks.embed_pending", expires=EMBED_EXPIRES_S, acks_late=False)
def embed_pending() -> None:
    """Bring queued products up to date. No retry: the rows are the queue, and beat rings again."""
    bell.stop_ringing()
    services.refresh_pending()


@shared_task(name="embeddings.tasks.refresh_stale", acks_late=False)
def refresh_stale() -> None:
    """Queue what changed past the signals, and bring it up to date."""
    if services.refresh_stale():
        services.refresh_pending()
