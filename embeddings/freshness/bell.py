"""The bell that tells a worker to look into the queue. Losing one costs seconds, never a product: beat rings too.

Ringing must cost a save next to nothing, also when the broker is down: one bell for each transaction, none while one is
already on its way, and none for some seconds after the broker has not answered.
"""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.core.cache import cache
from django.db import connection, transaction

logger = logging.getLogger(__name__)

EMBED_TASK = "embeddings.tasks.embed_pending"  # by name: the task calls this file, not the other way round too
RUNG_KEY = "embeddings:bell-rung"
RUNG_S = 5  # as long as beat waits: a bell that was lost silences the next ones no longer than this
BROKEN_S = 5.0  # a broker that did not answer is left alone for as long
SLOW_S = 1.0  # a bell that took longer counts as unanswered

_broken_until = 0.0  # on the clock of time.monotonic()


def ring_after_commit() -> None:
    """Ring when the current transaction commits, once however often it is asked; at once outside a transaction."""
    # Django's own list, so that a savepoint which is rolled back takes its bell with it.
    if not any(hook[1] is ring for hook in connection.run_on_commit):
        transaction.on_commit(ring, robust=True)


def ring() -> None:
    """Tell a worker to look into the queue. Never raises; says so once where the broker does not answer."""
    global _broken_until
    if time.monotonic() < _broken_until:
        return
    started = time.monotonic()
    try:
        # False, not None: a cache that is down has no say in this.
        if cache.add(RUNG_KEY, 1, timeout=RUNG_S) is False:
            return  # one is on its way, and the worker looks into the queue only after it has heard it
        current_app.tasks[EMBED_TASK].apply_async(retry=False)
        problem = "too slow" if time.monotonic() - started > SLOW_S else ""
    except Exception as error:  # whatever a broker's client may raise: a save must not fail for it
        problem = str(error) or type(error).__name__
    if problem:
        _broken_until = time.monotonic() + BROKEN_S
        logger.warning("The broker is left alone for %g s (%s). Saved products stay queued.", BROKEN_S, problem)


def stop_ringing() -> None:
    """Say that the bell was heard. To be called before the queue is read: what is saved from now on rings again."""
    cache.delete(RUNG_KEY)
