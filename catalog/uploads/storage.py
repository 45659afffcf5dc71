"""Where uploaded files and exports wait: a folder of their own that nobody is served from, below KINDRED_HOME.

Where machines share no disk they wait in a bucket (`sharing.py`), and are in that folder while somebody works on them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings

from catalog.uploads import sharing
from catalog.uploads.file_work import FileWork

FILE, PICTURES, REJECTED, PRODUCTS = "file", "pictures.zip", "rejected.csv", "products.csv"


class PieceMisplaced(ValueError):
    """A piece of a file does not follow what has come of it."""


def find_folder(work: FileWork) -> Path:
    """Return the folder of one upload or export."""
    return Path(settings.KINDRED_IMPORT_FOLDER) / f"{work._meta.model_name}-{work.pk}"


def find_file(work: FileWork, name: str) -> Path:
    """Return where one of its files is, or would be."""
    return find_folder(work) / name


def make_folder(work: FileWork) -> None:
    """Make its folder on this machine, which is for the user that Kindred runs as and nobody else."""
    folder = find_folder(work)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)


def open_file(work: FileWork, name: str) -> IO[bytes]:
    """Open one of its files to read from, wherever it is. Raises FileNotFoundError and OSError."""
    bucket, path = sharing.find_bucket(), find_file(work, name)
    if bucket is None or path.exists():
        return path.open("rb")
    file: IO[bytes] = bucket.open(sharing.name_shared(path.parent, name))
    return file


@contextmanager
def at_hand(work: FileWork, *, bring: Iterable[str] = (), give: Iterable[str] = ()) -> Iterator[None]:
    """Have its folder here, with the files of `bring` that there are. What is in it of `give` by the end is kept.

    Raises OSError.
    """
    bucket, folder = sharing.find_bucket(), find_folder(work)
    make_folder(work)
    if bucket is None:
        yield
        return
    try:
        for name in bring:
            sharing.bring(bucket, sharing.name_shared(folder, name), folder / name)
        try:
            yield
        finally:
            for name in give:
                if (folder / name).exists():
                    sharing.give(bucket, sharing.name_shared(folder, name), folder / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep_piece(work: FileWork, name: str, pieces: Iterable[bytes], *, at: int) -> int:
    """Keep what follows the first `at` bytes of a file, and return its size by then. As `append_piece`."""
    bucket, path = sharing.find_bucket(), find_file(work, name)
    if bucket is None:
        return append_piece(path, pieces, at=at)
    size = sharing.add_piece(bucket, sharing.name_shared(path.parent, name), b"".join(pieces), at=at)
    if size is None:
        raise PieceMisplaced(str(at))
    return size


def append_piece(path: Path, pieces: Iterable[bytes], *, at: int) -> int:
    """Write what follows the first `at` bytes, and return the size by then. Raises PieceMisplaced and OSError.

    What a broken connection had left behind `at` is written over; a file that is shorter lacks a piece.
    """
    size = path.stat().st_size if path.exists() else 0
    if at > size:
        raise PieceMisplaced(str(size))
    with path.open("r+b" if size else "wb") as file:
        file.seek(at)
        file.truncate()
        for piece in pieces:
            file.write(piece)
        return file.tell()


def forget_files(work: FileWork) -> None:
    """Delete all that is kept of it."""
    bucket, folder = sharing.find_bucket(), find_folder(work)
    shutil.rmtree(folder, ignore_errors=True)
    if bucket is not None:
        sharing.forget_all(bucket, sharing.name_shared(folder))
