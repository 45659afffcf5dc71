"""Telling a worker what to do from a page: a broker that is down is said, and breaks nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)


def tell_worker(send: Callable[[], object]) -> bool:
    """Send a task; return False where the broker does not answer."""
    try:
        send()
    except Exception:  # whatever a broker's client may raise
        logger.warning("The broker does not answer", exc_info=True)
        return False
    return True
