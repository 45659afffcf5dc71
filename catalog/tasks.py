"""Doorways for the worker."""

from __future__ import annotations

from celery import shared_task

from catalog import picture_writes


@shared_task(ignore_result=True)
def fetch_pictures() -> None:
    """Fetch the pictures that were asked for by URL. Returns at once: fetching goes on beside."""
    picture_writes.start_fetchers()
