"""Files of a backup: readable by their owner alone, and known by the digest of what was written."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

from config.backup.errors import BackupError

PIECE = 1024 * 1024  # bytes
SPARE_BYTES = 200 * 1024**2  # left free on a disk, for logs and whatever else writes there
OnBytes = Callable[[int], object]  # how many more


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def write_private(path: Path, content: bytes) -> None:
    """Write a small file that only its owner can read. It is on the disk by then."""
    with open_private(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def keep_names(folder: Path) -> None:
    """Have the names of a folder's files on the disk as well."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_private(path: Path) -> BinaryIO:
    """Open a new file that only its owner can read. Raises FileExistsError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


class DigestedFile:
    """A new private file, and the digest and length of what was written to it. It is on the disk once it is closed."""

    def __init__(self, path: Path, *, on_bytes: OnBytes) -> None:
        self.file = open_private(path)
        self.on_bytes = on_bytes
        self.digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self.file.write(data)
        self.digest.update(data)
        self.bytes += len(data)
        self.on_bytes(len(data))
        return len(data)

    def take(self, source: Readable) -> None:
        """Write all that there is to read."""
        while piece := source.read(PIECE):
            self.write(piece)

    def __enter__(self) -> DigestedFile:
        return self

    def __exit__(self, *_: object) -> None:
        with self.file:
            self.file.flush()
            os.fsync(self.file.fileno())

    def describe(self) -> dict[str, object]:
        """Return what the manifest says of it."""
        return {"bytes": self.bytes, "sha256": self.digest.hexdigest()}


def check_digest(path: Path, described: dict[str, object], *, on_bytes: OnBytes) -> None:
    """Raise BackupError where a file is not what was written."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                on_bytes(len(piece))
    except OSError as error:
        raise BackupError(f"{path} cannot be read ({error.strerror}): restore another backup.") from error
    if digest.hexdigest() != described["sha256"]:
        raise BackupError(f"{path} is not what was written: it was changed, or cut short. Restore another backup.")


def check_room(folder: Path, *, needed_bytes: int, what: str) -> None:
    """Raise BackupError where the disk of a folder, or of where it will be, has less room than that."""
    place = folder
    while not place.exists():
        place = place.parent
    free_bytes = shutil.disk_usage(place).free
    if free_bytes < needed_bytes + SPARE_BYTES:
        raise BackupError(
            f"{what} needs about {say_bytes(needed_bytes)}, and {say_bytes(free_bytes)} are free on the disk of "
            f"{place}: free some space there, or name a folder on a larger disk."
        )


def say_bytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
