"""When a source is read: every so many minutes or hours, or daily at a time, in words that people write."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.utils.translation import gettext

from catalog.refusals import BadValue

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=31)
EVERY = re.compile(r"(?:every )?([0-9]{1,5}) ?(m|min|minutes?|h|hours?)|every (minute|hour)")
DAILY = re.compile(r"(?:daily at|daily|at) ?([0-9]{1,2}):([0-9]{2})|([0-9]{1,2}):([0-9]{2})")
# A tenth of the interval, and at most this: many shops with one feed service do not ask it at the same second.
MOST_JITTER = timedelta(minutes=10)

_random = random.SystemRandom()


@dataclass(frozen=True)
class Schedule:
    """Every `interval`, or once a day at a time of UTC."""

    interval: timedelta
    at: time | None = None

    def __str__(self) -> str:
        if self.at:
            return f"daily at {self.at:%H:%M}"
        minutes = int(self.interval.total_seconds()) // 60
        if minutes % 60:
            return f"every {minutes} minutes"
        return "every hour" if minutes == 60 else f"every {minutes // 60} hours"

    def next_after(self, moment: datetime, *, jitter: float | None = None) -> datetime:
        """Return when to read next, some way into the time that is spread over.

        `jitter` from 0 to 1 says how far; None: at random.
        """
        share = _random.random() if jitter is None else jitter
        spread = min(self.interval / 10, MOST_JITTER) * share
        if self.at is None:
            return moment + self.interval + spread
        today = datetime.combine(moment.astimezone(UTC).date(), self.at, UTC)
        return (today if today > moment else today + timedelta(days=1)) + spread


def read_schedule(text: str) -> Schedule:
    """Return the schedule that a text means. Raises BadValue."""
    said = " ".join(text.lower().split())
    if match := EVERY.fullmatch(said):
        count = int(match[1] or 1)
        interval = timedelta(minutes=count) if (match[2] or match[3]).startswith("m") else timedelta(hours=count)
        if SHORTEST <= interval <= LONGEST:
            return Schedule(interval)
    elif match := DAILY.fullmatch(said):
        hour, minute = int(match[1] or match[3]), int(match[2] or match[4])
        if hour < 24 and minute < 60:
            return Schedule(timedelta(days=1), time(hour, minute))
    raise BadValue(
        gettext('is no schedule: write "every 30 minutes" (5 or more), "every 6 hours" or "daily at 03:30" (UTC)'),
        code="invalid",
    )
