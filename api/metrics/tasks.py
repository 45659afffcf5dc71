"""What the workers' threads are busy with, whichever queue it came by."""

from __future__ import annotations

import time
from typing import Any

from celery.signals import task_postrun, task_prerun
from prometheus_client import Histogram

TASK_SECONDS = Histogram(
    "kindred_task_seconds",
    "Tasks of the workers and how long they took, by name and how they ended.",
    ["task", "outcome"],
    buckets=(0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800),
)
_begun: dict[str, float] = {}  # by id, of those that this process has in hand


@task_prerun.connect
def note_begin(task_id: str, **_: Any) -> None:
    _begun[task_id] = time.perf_counter()


@task_postrun.connect
def count_task(task_id: str, task: Any, state: str | None, **_: Any) -> None:
    begun = _begun.pop(task_id, None)
    if begun is not None:
        TASK_SECONDS.labels(task.name, (state or "unknown").lower()).observe(time.perf_counter() - begun)
