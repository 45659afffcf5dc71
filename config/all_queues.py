"""Every queue and the schedule in one process, for `manage.py up`: `python -m config.all_queues [QUEUE]`.

What workers share, above all the encoders, is in memory once. Each queue still has a Celery worker of its own, with its
own threads and messages, as it has in production, so that none waits for another; here they are threads. SIGTERM ends
all in good order. Where one of them ends by itself so does the process, to be started again.

With the name of a queue it serves that one alone and keeps no schedule: one process more for another GPU. It takes one
message at a time, so that a bell wakes a GPU that is idle and not one that is at work.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

from celery.beat import EmbeddedService
from celery.platforms import SecurityWarning
from celery.utils.nodenames import default_nodename, host_format
from celery.worker import state

from config import celery

# Threads by queue. Two for embeddings: one is free for what is saved while the other fits a space.
# Two for sources: staff who import a file do not wait for a slow feed.
# Three for behaviour: events are counted and small steps taken while a version is built.
QUEUES = {"interactive": 2, "embeddings": 2, "pictures": 4, "sources": 2, "behaviour": 3}
LOOK_EVERY_S = 0.5
SCHEDULE_ENDS_WITHIN_S = 2.0

logger = logging.getLogger(__name__)


def main() -> None:
    """Serve until a signal says that it is enough."""
    alone = sys.argv[1:]
    celery.start_services()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, stop_taking)
    stopped = threading.Event()
    schedule = EmbeddedService(
        celery.app,
        thread=True,  # a process of its own would be one more to hold in memory
        scheduler_cls=celery.app.conf.beat_scheduler,
        schedule_filename=celery.app.conf.beat_schedule_filename,
    )
    queues = dict.fromkeys(alone, 1) or QUEUES
    works: dict[str, Callable[[], object]] = {queue: make_worker(queue, threads=n).start for queue, n in queues.items()}
    threads = [threading.Thread(target=work, name=name, daemon=True) for name, work in works.items()]
    schedule.name = "beat"
    kept = threads if alone else [*threads, schedule]
    for thread in kept:
        thread.start()
    while state.should_stop is None or state.should_stop is False:
        end_with_the_first(kept)
        stopped.wait(LOOK_EVERY_S)
    for thread in threads:
        thread.join()
    if not alone:
        end_schedule(schedule)


def make_worker(queue: str, *, threads: int) -> Any:
    """Return a worker of one queue. It has an application of its own, which knows no other queue."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # each would say that we are root
        return celery.make_application(is_current=False).Worker(
            hostname=host_format(default_nodename(f"{queue}{os.environ.get('CUDA_VISIBLE_DEVICES', '')}@%h")),
            queues=[queue],
            pool="threads",
            concurrency=threads,
            loglevel="INFO",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            use_eventloop=False,  # there is one loop of events in a process: each thread waits for its own messages
        )


def stop_taking(*_: object) -> None:
    """Have every worker finish what it has in hand and end."""
    state.should_stop = os.EX_OK


def end_schedule(schedule: Any) -> None:
    """Have the schedule end, and leave it behind where it sleeps: five seconds, or half a minute without its broker."""
    schedule.service.stop()
    schedule.join(SCHEDULE_ENDS_WITHIN_S)


def end_with_the_first(threads: list[threading.Thread]) -> None:
    """End the process where one of its threads has: the others would go on, and nobody notice."""
    ended = [thread.name for thread in threads if not thread.is_alive()]
    if ended:
        logger.critical("%s has ended: this process ends too, to be started again.", ", ".join(ended))
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
