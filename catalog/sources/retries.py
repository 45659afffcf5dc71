"""When a source is read again after a run that failed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from catalog.sources.schedules import Schedule

FIRST_PAUSE = timedelta(minutes=1)  # doubled each time
RETRIES = 5  # between two times of the schedule; after those it is read at its schedule, and the doctor says so
LONGEST_ASKED = timedelta(days=1)  # that a server may ask us to wait

_random = random.SystemRandom()


def find_next_try(
    schedule: Schedule, *, at: datetime, failures: int, is_temporary: bool, retry_after_s: float | None = None
) -> datetime:
    """Return when to try again after `failures` in a row.

    A temporary failure is tried again soon, after pauses that double, each longer by up to a half at random; what does
    not pass by itself waits for the schedule. A server that says when to come back is not asked before.
    """
    planned = schedule.next_after(at)
    soon = at + FIRST_PAUSE * 2 ** (min(failures, RETRIES) - 1) * _random.uniform(1, 1.5)
    tried = min(soon, planned) if is_temporary and failures <= RETRIES else planned
    asked = min(timedelta(seconds=max(retry_after_s or 0, 0)), LONGEST_ASKED)
    return max(tried, at + asked)
