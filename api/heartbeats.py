"""What the processes that nobody sees have said last: workers and beat write, /readyz reads. Kept in the cache.

A worker says it from the loop that takes messages (config/heartbeat.py), so one that crashed or hangs falls silent.
"""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache

BEAT_EVERY_S = 5.0
SILENT_AFTER_S = 30.0  # longer than a worker takes to be started again
KEEP_S = 86_400


def note(name: str) -> None:
    """Write down that the process `name` (a queue, or beat) is alive now. A cache that is down is none of its worry."""
    cache.set(f"heartbeat:{name}", time.time(), timeout=KEEP_S)


def read_silence_s(name: str) -> float | None:
    """Return the seconds since any process of that name was heard, None where none was within a day."""
    heard_at = cache.get(f"heartbeat:{name}")
    return None if heard_at is None else max(0.0, time.time() - heard_at)


def is_shared() -> bool:
    """Return whether other processes read the same cache: without CACHE_URL, RabbitMQ's user has one in each."""
    return not settings.CACHES["default"]["BACKEND"].endswith("LocMemCache")
