"""Where uploaded files and exports wait: a folder of their own that nobody is served from, below KINDRED_HOME."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

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
    """Make its folder, which is for the user that Kindred runs as and nobody else."""
    folder = find_folder(work)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)


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
    shutil.rmtree(find_folder(work), ignore_errors=True)
