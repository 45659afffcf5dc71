"""Doorways for the workers of pictures and sources, and for chores. Messages may be lost: rows are the queues."""

from __future__ import annotations

from celery import shared_task

from catalog import title_words
from catalog.pictures import writes
from catalog.sources import running

RUN_LIMIT_S = 6 * 3600.0  # of a source: a million new products take a quarter of an hour, a slow server much longer


@shared_task(name="catalog.tasks.fetch_picture", acks_late=False)
def fetch_picture(download_id: int) -> None:
    """Fetch a picture that was asked for by URL."""
    writes.run_download(download_id)


@shared_task(name="catalog.tasks.send_due_downloads", acks_late=False)
def send_due_downloads() -> None:
    """Send again what is due and may be lost."""
    writes.send_due_downloads()


@shared_task(name="catalog.tasks.prune_title_words", acks_late=False)
def prune_title_words() -> None:
    """Forget words that no product has any more, a few at a time."""
    title_words.prune_title_words()


@shared_task(name="catalog.tasks.run_source", acks_late=False, time_limit=RUN_LIMIT_S)
def run_source(source_id: int) -> None:
    """Do what is asked of a source, or due."""
    running.run_source(source_id)


@shared_task(name="catalog.tasks.send_due_sources", acks_late=False)
def send_due_sources() -> None:
    """Send which sources are to be read."""
    running.send_due_sources()
