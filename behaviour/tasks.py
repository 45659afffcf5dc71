"""Doorways for the worker of the queue `behaviour`, each one call. What fails is tried again by beat."""

from __future__ import annotations

from celery import shared_task

from behaviour.events import retention
from behaviour.experiments import keeping
from behaviour.privacy import erasure
from behaviour.reports import popular_searches, totals
from behaviour.retail import nightly, slices
from behaviour.versions import child, nights
from behaviour.versions.steps import due
from embeddings.tasks import BUILD_LIMIT_S, is_ending

RETENTION_S = 60  # of each hour
FORECAST_LIMIT_S = 3 * 3600.0
COUNTING_S = 45  # of each minute at most: enough for 5,000 events a second; it ends when there are none left


@shared_task(name="behaviour.tasks.count_events")
def count_events() -> None:
    """Count what shoppers did since the last time."""
    totals.keep_counts(seconds=COUNTING_S)


@shared_task(name="behaviour.tasks.keep_retention")
def keep_retention() -> None:
    """Forget what is old of single events, and who asked for it; make the table of the next month."""
    erasure.finish_erasures()
    retention.keep_retention(seconds=RETENTION_S)


@shared_task(name="behaviour.tasks.note_searches")
def note_searches() -> None:
    """See what many visitors search for."""
    popular_searches.note_popular_searches()


@shared_task(name="behaviour.tasks.make_due_forecasts", acks_late=False, time_limit=FORECAST_LIMIT_S)
def make_due_forecasts() -> None:
    """Once a night: forecast every product, then see what categories are bought together and where prices lack."""
    if nightly.is_due():
        child.run_command("forecast_demand", "--store", is_ending=is_ending)


@shared_task(name="behaviour.tasks.refresh_retail_slice")
def refresh_retail_slice() -> None:
    """See of one slice of the products what runs out and what nobody is shown."""
    slices.refresh_slice_of_now()


@shared_task(name="behaviour.tasks.keep_experiments")
def keep_experiments() -> None:
    """Count what visitors in experiments did, and stop what does harm."""
    keeping.keep_experiments()


@shared_task(name="behaviour.tasks.build_due_version", acks_late=False, time_limit=BUILD_LIMIT_S)
def build_due_version() -> None:
    """Build a version where the night, or the first event, asks for one."""
    if nights.is_due():
        child.run_command("train_behaviour", is_ending=is_ending)


@shared_task(name="behaviour.tasks.build_version", acks_late=False, time_limit=BUILD_LIMIT_S)
def build_version(name: str) -> None:
    """Build a version that staff asked for."""
    child.run_command("train_behaviour", "--version", name, is_ending=is_ending)


@shared_task(name="behaviour.tasks.take_steps", acks_late=False, expires=300)
def take_steps() -> None:
    """Have the live version take up what happened since."""
    if due.is_due():
        child.run_command("behaviour", "step", is_ending=is_ending)
