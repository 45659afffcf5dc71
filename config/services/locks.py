"""File locks that the kernel releases when their holder dies, however it dies.

Three questions are answered by a lock rather than by a pid, because a pid may be a zombie, may have been given to
another process, and means nothing in another container: is a server running (it inherited a held lock), does anyone
still use the servers (each user holds a shared lock), and who may start or stop them now (an exclusive lock).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.services.errors import ServiceError

CONTROL_TIMEOUT_S = 150.0  # longer than the slowest start, crash recovery included
POLL_S = 0.02


class Lock:
    """One open file description of a lock file. Children forked without exec share it and keep it held."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self, *, shared: bool = False) -> None:
        fcntl.flock(self.fd, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def try_acquire(self) -> bool:
        """Take the lock exclusively if nobody holds it. A refused attempt also gives up a shared hold."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        fcntl.flock(self.fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close our descriptor. The lock stays held by any process that inherited it."""
        os.close(self.fd)


def is_held(path: Path) -> bool:
    """Is the lock held by any process? Call it under the control lock, or a start could be taken for a server."""
    lock = Lock(path)
    try:
        return not lock.try_acquire()
    finally:
        lock.close()


@contextmanager
def control(directory: Path) -> Iterator[None]:
    """Hold the right to start and stop the servers whose locks are in `directory`."""
    lock = Lock(directory / "control.lock")
    deadline = time.monotonic() + CONTROL_TIMEOUT_S
    try:
        while not lock.try_acquire():
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"Another process has been starting or stopping the embedded servers for {CONTROL_TIMEOUT_S:.0f} s "
                    f"({lock.path}). Stop it and start again."
                )
            time.sleep(POLL_S)
        yield
    finally:
        lock.close()


def is_used(directory: Path) -> bool:
    """Does any process use the servers whose locks are in `directory`? The guardian that stops them is none."""
    for _ in range(2):  # twice: the guardian holds the users' lock for a moment before it takes control
        if is_held(directory / "control.lock") or not is_held(directory / "users.lock"):
            return False
        time.sleep(POLL_S)
    return True
