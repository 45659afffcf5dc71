"""Doorways for the workers of pictures, sources and uploads, and for chores. Messages may be lost: rows are queues."""

from __future__ import annotations

from celery import shared_task

from catalog import title_words
from catalog.doctor import rounds, scores
from catalog.pictures import left_files, writes
from catalog.sources import running
from catalog.uploads import pruning
from catalog.uploads import running as uploads
from catalog.view_audit import retention

RUN_LIMIT_S = 6 * 3600.0  # of a source: a million new products take a quarter of an hour, a slow server much longer


@shared_task(name="catalog.tasks.fetch_picture", acks_late=False)
def fetch_picture(download_id: int) -> None:
    """Fetch a picture that was asked for by URL."""
    writes.run_download(download_id)


@shared_task(name="catalog.tasks.send_due_downloads", acks_late=False)
def send_due_downloads() -> None:
    """Send again what is due and may be lost."""
    writes.send_due_downloads()


@shared_task(name="catalog.tasks.drop_left_files", acks_late=False)
def drop_left_files() -> None:
    """Delete files that no picture and no sound has any more."""
    left_files.drop_left_files(False)


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


@shared_task(name="catalog.tasks.prune_uploads", acks_late=False)
def prune_uploads() -> None:
    """Forget files and former values of long ago."""
    pruning.prune_uploads(False)


@shared_task(name="catalog.tasks.prune_views", acks_late=False)
def prune_views() -> None:
    """Forget who saw what long ago."""
    retention.prune_views(False)
