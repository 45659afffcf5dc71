"""Files of pictures and sounds: on a disk (MEDIA_ROOT), or in a bucket that several machines share.

Only this file knows the difference. A reader sees the whole of a file or none, and a crash loses none.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

ASKED_AT_ONCE = 16  # names of files, of a bucket


def find_stored(names: Iterable[str]) -> set[str]:
    """Return those of these names that have a file. A bucket is asked for several at once: each takes a round trip."""
    wanted = sorted(set(names) - {""})
    if is_on_disk() or len(wanted) < 2:
        return {name for name in wanted if default_storage.exists(name)}
    with ThreadPoolExecutor(ASKED_AT_ONCE) as threads:
        return set(compress(wanted, threads.map(default_storage.exists, wanted)))


def read_file(name: str) -> bytes:
    """Return all of a file. Raises OSError, and FileNotFoundError where there is none."""
    with default_storage.open(name, "rb") as file:
        return bytes(file.read())


def write_file(name: str, content: bytes) -> None:
    """Store `content` under `name`, in place of what is there."""
    if is_on_disk():
        write_whole(Path(default_storage.path(name)), content)
    else:
        default_storage.save(name, ContentFile(content))  # a new object takes the place of the old one at once


def is_on_disk() -> bool:
    return isinstance(default_storage, FileSystemStorage)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
