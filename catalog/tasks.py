"""Doorways for the worker of pictures, and for chores. Messages may be lost: rows of PictureDownload are the queue."""

from __future__ import annotations

from celery import shared_task

from catalog import title_words
from catalog.pictures import writes


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
