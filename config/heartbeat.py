"""Signs of life of workers and beat, and their end where they hang: whoever started them starts them again.

Three who look: /readyz by the cache, `manage.py up` and a container's health check by a file, systemd by its socket.
And one inside: where the loop that takes messages stands still, or a task runs past its time limit, the process writes
the stack of every thread to its log and exits.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from celery import bootsteps
from celery.beat import PersistentScheduler
from celery.worker import state

from api import heartbeats
from config.services.supervisor import HEARTBEAT_VARIABLE

logger = logging.getLogger(__name__)

HUNG_AFTER_S = 120.0


_lock = threading.Lock()
_heard_at: dict[str, float] = {}  # of all that beat in this process, on the clock of time.monotonic()


def beat(names: Iterable[str]) -> None:
    """Say that these are alive, to all who look. The process ends HUNG_AFTER_S after the last beat of any of them."""
    with _lock:
        now = time.monotonic()
        _heard_at.update(dict.fromkeys(names, now))
        silence_s = now - min(_heard_at.values())
        # A thread of C: it needs no lock of Python's.
        faulthandler.dump_traceback_later(max(HUNG_AFTER_S - silence_s, 0.001), exit=True)
    if silence_s < heartbeats.SILENT_AFTER_S:
        if path := os.environ.get(HEARTBEAT_VARIABLE):
            Path(path).touch()
        tell_systemd("READY=1\nWATCHDOG=1")
    for name in names:
        heartbeats.note(name)


def fall_silent(names: Iterable[str]) -> None:
    """Stop these being watched: a worker that waits for its broker does not hang, and is ready for nothing."""
    with _lock:
        for name in names:
            _heard_at.pop(name, None)
        if _heard_at:
            return  # others go on in this process
        faulthandler.cancel_dump_traceback_later()
    if path := os.environ.get(HEARTBEAT_VARIABLE):
        Path(path).unlink(missing_ok=True)


def tell_systemd(state: str) -> None:
    """Send a state to the service manager, where there is one (sd_notify)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        manager.sendall(state.encode())


def find_hung_task(now: float) -> tuple[str, float] | None:
    """Return the name and the seconds of a task that has run past its time limit."""
    for request in tuple(state.active_requests):
        if request.time_start is None:
            continue
        limit_s = request.task.time_limit or request.task.app.conf.task_time_limit
        if limit_s and now - request.time_start > limit_s:
            return request.name, now - request.time_start
    return None


class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]
    """Beats from the loop that takes messages, for as long as the worker has its broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    timer: Any = None
    names: Sequence[str] = ()  # until it has started: a worker may be told to end before

    def start(self, parent: Any) -> None:
        self.names = list(parent.app.amqp.queues.consume_from)
        self.look()
        # The timer may be a thread of its own: the loop itself has to do it.
        self.timer = parent.timer.call_repeatedly(heartbeats.BEAT_EVERY_S, parent.call_soon, (self.look,))

    def look(self) -> None:
        """Beat, unless a task has run for too long: then the process ends, for nothing else stops a thread."""
        hung = find_hung_task(time.time())
        if hung is None:
            beat(self.names)
            return
        logger.critical("The task %s has run for %.0f s: this worker ends, to be started again.", *hung)
        faulthandler.dump_traceback(all_threads=True)
        sys.stderr.flush()
        os._exit(1)

    def stop(self, parent: Any) -> None:
        if self.timer is not None:
            self.timer.cancel()
        fall_silent(self.names)

    shutdown = stop


class BeatingScheduler(PersistentScheduler):  # type: ignore[misc]
    """Celery's own schedule, heard at each look at it."""

    beaten_at = 0.0

    def setup_schedule(self) -> None:
        """Begin anew where the file is damaged: of much that may be wrong with it, Celery dies at every start."""
        try:
            super().setup_schedule()
        except Exception as error:
            logger.error("The schedule is kept anew: %s could not be read (%r).", self.schedule_filename, error)
            for suffix in filter(None, self.known_suffixes):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(f"{self.schedule_filename}{suffix}", f"{self.schedule_filename}{suffix}.damaged")
            super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if time.monotonic() - self.beaten_at > 1:
            self.beaten_at = time.monotonic()
            beat(["beat"])
        return float(super().tick(*args, **kwargs))
