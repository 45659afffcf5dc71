"""Where processes count: a folder in which each has files of its own, and a scrape reads those of all.

prometheus_client names the files by process number. They would be as many as there ever were processes, or what a dead
one has counted would go with its files. Here each process holds a slot, by a lock that ends with it however it ends;
the next one to start takes the slot and counts on in its files. So there are no more of them than processes at once,
and no count goes back. Whoever comes first after all have ended begins anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import stat
import tempfile
from itertools import count
from pathlib import Path

logger = logging.getLogger(__name__)

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's
ELSEWHERE = (None, "/dev/shm")  # noqa: S108  the folder for what is temporary, and memory
KINDS = ("counter", "histogram")  # of files; what is no count is read at the scrape
# Bytes of a file, taken from the disk at once: writing into a file with holes kills the process when the disk is full.
ROOM = 1 << 20


class Slots:
    """The slot of this process in a folder, and another one after a fork."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process, self._number, self._lock = 0, 0, -1

    def find_own(self) -> int:
        """Return the number of this process's slot. Asked before each count."""
        if self._process != os.getpid():
            self._take()
        return self._number

    def _take(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)  # the parent's, which keeps it
            self._lock = -1
        try:
            self._number, self._lock = take_slot(self.folder)
        except OSError as error:
            logger.warning("No /metrics will have what this process counts: %s", error)
            self._take_elsewhere()
        self._process = os.getpid()

    def _take_elsewhere(self) -> None:
        """Count where there is room still: a shop whose disk is full serves on. Raises OSError where none is."""
        name = f"kindred-metrics-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]}"
        for place in ELSEWHERE:
            try:
                self.folder = make_own(Path(place or tempfile.gettempdir()) / name)
                self._number, self._lock = take_slot(self.folder)
            except OSError as error:
                refused = error
                continue
            os.environ[FOLDER_VARIABLE] = str(self.folder)
            return
        raise refused


def make_own(folder: Path) -> Path:
    """Return a folder that nobody else can write to, the same for all of our processes. Raises OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (found.st_uid, found.st_mode & 0o022) != (os.getuid(), 0):
        raise PermissionError(f"{folder} is somebody else's.")
    return folder


def take_slot(folder: Path) -> tuple[int, int]:
    """Return the number of the first slot that nobody holds, and the file descriptor that holds it from now on."""
    folder.mkdir(parents=True, exist_ok=True)
    door = os.open(folder / "door.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(door, fcntl.LOCK_EX)
        if not any(is_held(path) for path in folder.glob("slot-*.lock")):
            for path in folder.glob("*.db"):  # of processes that have all ended, and of an older version perhaps
                path.unlink()
        for number in count():
            with contextlib.suppress(BlockingIOError, PermissionError):  # another process, another user
                held = hold(folder / f"slot-{number}.lock")
                for kind in KINDS:
                    take_room(folder / f"{kind}_{number}.db")
                return number, held
        raise AssertionError("there is always a next number")
    finally:
        os.close(door)


def hold(path: Path) -> int:
    """Return a descriptor with the lock of a file. Raises BlockingIOError where another process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def is_held(path: Path) -> bool:
    try:
        os.close(hold(path))
    except (BlockingIOError, PermissionError):
        return True
    return False


def take_room(path: Path) -> None:
    """Make a file of ROOM bytes that are the process's already, whatever becomes of the disk."""
    with path.open("ab") as file:
        if file.tell() >= ROOM:
            return
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, ROOM)
        else:
            file.truncate(ROOM)
