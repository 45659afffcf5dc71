"""Doorways for the workers of pictures, sources and uploads, and for chores. Messages may be lost: rows are queues."""

from __future__ import annotations

from celery import shared_task

from catalog import pruning, title_words
from catalog.doctor import rounds, scores
from catalog.pictures import writes
from catalog.sources import running
from catalog.uploads import running as uploads

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


@shared_task(name="catalog.tasks.examine_products", acks_late=False)
def examine_products() -> None:
    """Let the doctor look at what is due, for a third of a minute."""
    rounds.examine_due()


@shared_task(name="catalog.tasks.note_scores", acks_late=False)
def note_scores() -> None:
    """Write down how the catalogue stands today."""
    scores.note_scores()


@shared_task(name="catalog.tasks.run_source", acks_late=False, time_limit=RUN_LIMIT_S)
def run_source(source_id: int) -> None:
    """Do what is asked of a source, or due."""
    running.run_source(source_id)


@shared_task(name="catalog.tasks.send_due_sources", acks_late=False)
def send_due_sources() -> None:
    """Send which sources are to be read."""
    running.send_due_sources()


@shared_task(name="catalog.tasks.run_upload", acks_late=False, time_limit=RUN_LIMIT_S)
def run_upload(upload_id: int) -> None:
    """Check, load or undo an upload."""
    uploads.run_upload(upload_id)


@shared_task(name="catalog.tasks.run_export", acks_late=False, time_limit=RUN_LIMIT_S)
def run_export(export_id: int) -> None:
    """Write an export to its file."""
    uploads.run_export(export_id)


@shared_task(name="catalog.tasks.send_due_uploads", acks_late=False)
def send_due_uploads() -> None:
    """Send which uploads and exports are to be done."""
    uploads.send_due_uploads()


@shared_task(name="catalog.tasks.prune", acks_late=False)
def prune() -> None:
    """Forget some of what has been kept for long enough."""
    pruning.prune_slice()
