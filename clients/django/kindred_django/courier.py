"""Sends what was queued after a commit, without anybody waiting: by a thread, or as KINDRED["DELIVER"] says.

The rows of the outbox are the truth and this is only the quick way: `kindred_sync` sends whatever it does not.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time

from django.db import connections
from django.utils.module_loading import import_string

from kindred_django.api import Unavailable
from kindred_django.configuration import LATER, THREAD, configuration
from kindred_django.delivery import deliver_queued
from kindred_django.models import Outgoing
from kindred_django.turns import Busy, TooEarly

logger = logging.getLogger("kindred_django")

GATHER_S = 0.2  # saves that come together go together
WORK_S = 30.0  # after which another process may have its turn
BUSY_S = 1.0  # between two looks while another process sends
QUIET_S, LOOK_S = 5.0, 30.0  # at least and at most, between two looks while Kindred is away
EXIT_S = 3.0  # what a process that ends gives to what it has just queued


class Courier:
    """At most one thread of this process, gone when there is nothing to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._again = False
        self._at_rest = threading.Event()  # nothing to do, or nothing that can be done now
        self._at_rest.set()

    def wake(self) -> None:
        """Send soon. Returns at once."""
        with self._lock:
            self._again = True
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="kindred-courier", daemon=True)
                thread.start()
                self._thread = thread
                self._at_rest.clear()

    def join(self) -> None:
        """Wait until all that was queued is sent."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def finish(self, seconds: float | None = EXIT_S) -> None:
        """Have sent what a command saved last, before its process ends: but do not wait for a Kindred that is away."""
        self._at_rest.wait(seconds)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._again:
                    self._thread = None
                    self._at_rest.set()
                    return
            time.sleep(GATHER_S)
            self._again = False
            try:
                self._rest(self._try())
            except Exception:
                logger.exception("What is queued for Kindred could not be sent; kindred_sync tries again.")
            finally:
                connections.close_all()

    def _try(self) -> float:
        """Send what there is. Returns after how many seconds to try again; 0: there is nothing left."""
        try:
            deliver_queued(seconds=WORK_S)
        except Busy:  # whoever has the turn may have looked for the last time already
            return BUSY_S
        except Unavailable as error:
            if not isinstance(error, TooEarly):
                logger.warning("%s What is queued will be sent later.", error)
            return min(max(QUIET_S, error.retry_after_s), LOOK_S)
        self._again = self._again or Outgoing.objects.exists()
        return 0.0

    def _rest(self, seconds: float) -> None:
        if seconds:
            connections.close_all()  # nobody needs them meanwhile
            self._at_rest.set()
            rest(seconds)
            self._at_rest.clear()
            self._again = True


def rest(seconds: float) -> None:
    time.sleep(seconds)


courier = Courier()


def _start_anew() -> None:
    """The thread and its lock are not there after a fork."""
    global courier
    courier = Courier()


os.register_at_fork(after_in_child=_start_anew)


def _finish() -> None:
    """A command that saves something ends in less time than a thread needs to send it."""
    courier.finish()


atexit.register(_finish)


def wake() -> None:
    """After a commit: have what is queued sent, in the way of the setting."""
    how = configuration().deliver
    if how == THREAD:
        courier.wake()
    elif how != LATER:
        import_string(how)()
