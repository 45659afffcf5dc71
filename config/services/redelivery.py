"""Messages that a killed worker had taken: given back when the next one starts, not after the visibility timeout.

Kombu keeps a message that is being worked on in the hash `unacked` until it is acknowledged, and gives it back after
`visibility_timeout` (15 minutes). Where broker and workers share a machine we know better: a lock for each queue says
whether any worker lives that could still be at work on it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from celery import Celery

from config.services.locks import Lock
from config.services.paths import home_directory

_held: list[Lock] = []  # for as long as this worker lives


def restore_unfinished(app: Celery, *, queues: Iterable[str]) -> int:
    """Put unfinished messages back on those of `queues` that no other worker serves; return how many they were."""
    abandoned = {queue for queue in queues if claim(queue)}
    if not abandoned:
        return 0
    restored = 0
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        with channel.conn_or_acquire() as client:
            for tag in client.zrange(channel.unacked_index_key, 0, -1):
                if queue_of(client.hget(channel.unacked_key, tag)) in abandoned:
                    channel.qos.restore_by_tag(tag, client)
                    restored += 1
    return restored


def claim(queue: str) -> bool:
    """Hold the queue's lock together with its other workers; return whether there were none."""
    lock = Lock(home_directory() / "locks" / f"worker-{re.sub(r'[^A-Za-z0-9_-]', '_', queue)}.lock")
    alone = lock.try_acquire()
    lock.acquire(shared=True)
    _held.append(lock)
    return alone


def queue_of(payload: Any) -> str:
    """Return the queue of an unacknowledged message: Celery routes by a key equal to the queue's name."""
    return str(json.loads(payload)[2]) if payload else ""
