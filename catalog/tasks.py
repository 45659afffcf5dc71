"""Doorways for the worker."""

from __future__ import annotations

from celery import shared_task

from catalog.pictures import writes


@shared_task(ignore_result=True)
def fetch_pictures() -> None:
    """Fetch the pictures that were asked for by URL. Returns at once: fetching goes on beside."""
    writes.start_fetchers()
