"""Pictures and sounds, as one tar. Sizes are left out: they are made again as they are asked for."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage

from catalog.files import write_file
from config.backup.errors import BackupError
from config.backup.files import PIECE, DigestedFile, OnBytes

MADE_AGAIN = "sized"
DRAFT = "tmp"  # what `write_whole` calls a file before it is complete


def find_folder() -> Path | None:
    """Return where media are kept, None where that is a bucket, whose own versions are its backup."""
    return Path(default_storage.location) if isinstance(default_storage, FileSystemStorage) else None


def list_files(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield (name, bytes) of every file that is copied; also of folders that are links, to a larger disk.

    Raises OSError.
    """
    for place, folders, files in os.walk(folder, followlinks=True, onerror=_refuse):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name != MADE_AGAIN]
        folders.sort()
        for name in sorted(files):
            path = Path(place) / name
            if name.startswith(DRAFT):
                continue
            with suppress(FileNotFoundError):  # it has just left the shop
                described = path.stat()
                if S_ISREG(described.st_mode):
                    yield str(path.relative_to(folder)), described.st_size


def _refuse(error: OSError) -> None:
    """A folder that cannot be read is not one that is empty, as `walk` has it."""
    if not isinstance(error, FileNotFoundError):
        raise error


def write_tar(output: DigestedFile, folder: Path) -> int:
    """Write all files to a tar; return how many. One that leaves the shop meanwhile may be missing."""
    count = 0
    with tarfile.open(fileobj=output, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        for name, _ in list_files(folder):
            try:
                file = (folder / name).open("rb")
            except FileNotFoundError:
                continue
            with file:
                described = tarfile.TarInfo(name)  # nothing of whose it is here, and when it was written
                described.size = os.fstat(file.fileno()).st_size
                tar.addfile(described, file)
            count += 1
    return count


def restore_tar(path: Path, *, on_bytes: OnBytes) -> int:
    """Write the files of a tar that are not there, to the disk or the bucket; return how many it has.

    Raises BackupError.
    """
    count = 0
    with open_tar(path) as tar:
        for member in tar:
            inside = tarfile.data_filter(
                member, str(settings.MEDIA_ROOT)
            )  # refuses names that lead elsewhere, and what is no file
            content = tar.extractfile(inside)
            if content is None:
                raise BackupError(f"{path} has {member.name}, which is no file: restore another backup.")
            if not default_storage.exists(inside.name) or default_storage.size(inside.name) != inside.size:
                write_file(inside.name, content.read())
            on_bytes(inside.size)
            count += 1
    return count


@contextmanager
def open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r|", bufsize=PIECE) as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{path} cannot be read: {error}. Restore another backup.") from error
