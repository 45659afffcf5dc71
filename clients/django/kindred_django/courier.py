"""Sends what was queued after a commit, without anybody waiting: by a thread, or as KINDRED["DELIVER"] says.

The rows of the outbox are the truth and this is only the quick way: `kindred_sync` sends whatever it does not.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from django.db import connections
from django.utils.module_loading import import_string

from kindred_django.api import Unavailable
from kindred_django.configuration import LATER, THREAD, configuration
from kindred_django.delivery import deliver_queued
from kindred_django.turns import Busy

logger = logging.getLogger("kindred_django")

GATHER_S = 0.2  # saves that come together go together
WORK_S = 30.0  # what a web process gives to it at a time
WAITS, WAIT_S = 30, 1.0  # while another process sends
QUIET_S = 5.0  # no thread is started for so long after Kindred did not answer


class Courier:
    """At most one thread of this process, gone when there is nothing to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._again = False
        self._quiet_until = 0.0

    def wake(self) -> None:
        """Send soon. Returns at once."""
        if time.monotonic() < self._quiet_until:
            return
        with self._lock:
            self._again = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kindred-courier", daemon=True)
                self._thread.start()

    def join(self) -> None:
        """Wait until what was queued has been tried."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        patience = WAITS
        while True:
            with self._lock:
                if not self._again:
                    self._thread = None
                    return
            time.sleep(GATHER_S)
            self._again = False
            try:
                deliver_queued(seconds=WORK_S)
            except Busy:  # whoever has the turn may have looked for the last time already
                patience -= 1
                self._again = self._again or patience > 0
                time.sleep(WAIT_S)
            except Unavailable as error:
                self._quiet_until = time.monotonic() + max(QUIET_S, error.retry_after_s)
                logger.warning("%s What is queued will be sent later.", error)
            except Exception:
                logger.exception("What is queued for Kindred could not be sent; kindred_sync tries again.")
            finally:
                connections.close_all()


courier = Courier()


def _start_anew() -> None:
    """The thread and its lock are not there after a fork."""
    global courier
    courier = Courier()


os.register_at_fork(after_in_child=_start_anew)


def wake() -> None:
    """After a commit: have what is queued sent, in the way of the setting."""
    how = configuration().deliver
    if how == THREAD:
        courier.wake()
    elif how != LATER:
        import_string(how)()
