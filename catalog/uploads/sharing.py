"""Files of uploads and exports between machines that share no disk: in a bucket, one object each.

A file that comes in pieces may come to another machine with each of them, so that each piece is an object, too, until
the file is whole. Where the settings name no bucket for it (STORAGES has no `imports`) all of it stays on the disk.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages

IMPORTS = "imports"  # of settings.STORAGES, and what names begin with
COPIED_AT_ONCE = 4 * 1024 * 1024  # bytes


def find_bucket() -> Any:
    """Return the storage that machines share, None where they share a disk, or there is but one of them."""
    return storages[IMPORTS] if IMPORTS in settings.STORAGES else None


def add_piece(bucket: Any, name: str, content: bytes, *, at: int) -> int | None:
    """Keep what follows the first `at` bytes, in place of all that did; return the size by then, None where some lack.

    What a broken connection had left behind is forgotten, as `storage.append_piece` writes over it.
    """
    before = {place: size for place, size in _list_pieces(bucket, name).items() if place < at}
    there = max((place + size for place, size in before.items()), default=0)
    if at > there:
        return None
    _forget_pieces(bucket, name, start=at)
    if content:
        bucket.save(_piece(name, at), ContentFile(content))
    return at + len(content)


def bring(bucket: Any, name: str, target: Path) -> None:
    """Copy a file here, put together of its pieces where it still is in pieces; nothing where it is not there."""
    pieces = sorted(_list_pieces(bucket, name))
    parts = [(place, _piece(name, place)) for place in pieces] or [(0, name)] * bucket.exists(name)
    if not parts:
        return
    with target.open("wb") as file:
        for place, part in parts:
            file.seek(place)
            file.truncate()  # a piece that was sent anew may begin within the one before
            with bucket.open(part, "rb") as piece:
                shutil.copyfileobj(piece, file, COPIED_AT_ONCE)


def give(bucket: Any, name: str, source: Path) -> None:
    """Keep a file of this machine whole, in place of its pieces."""
    with source.open("rb") as file:
        bucket.save(name, File(file))
    _forget_pieces(bucket, name)


def forget_all(bucket: Any, folder: str) -> None:
    """Delete all that a folder has."""
    for name in bucket.list_sizes(folder):
        bucket.delete(name)


def name_shared(folder: Path, name: str = "") -> str:
    """Return what a file of a folder is called in the bucket; without a name, the folder."""
    return "/".join(filter(None, (IMPORTS, folder.name, name)))


def _list_pieces(bucket: Any, name: str) -> dict[int, int]:
    """Return where each piece begins, and how long it is."""
    return {int(key.rpartition("/")[2]): size for key, size in bucket.list_sizes(f"{name}.pieces").items()}


def _forget_pieces(bucket: Any, name: str, *, start: int = 0) -> None:
    for place in _list_pieces(bucket, name):
        if place >= start:
            bucket.delete(_piece(name, place))


def _piece(name: str, at: int) -> str:
    return f"{name}.pieces/{at:016}"
