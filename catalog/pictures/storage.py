"""Writing picture files so that a reader sees the whole of one or none, and a crash loses none."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Protocol, Self, TypeVar

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from catalog.pictures.left_file import note_wanted


class Checked(Protocol):
    """A picture or a sound that has passed its check."""

    @property
    def name(self) -> str: ...

    @property
    def content(self) -> bytes: ...

    def without_content(self) -> Self: ...


CheckedFile = TypeVar("CheckedFile", bound=Checked)


def store_checked(checked: CheckedFile) -> CheckedFile:
    """Keep a picture or sound that has passed its check under its content's name, and return the rest."""
    if default_storage.exists(checked.name):
        note_wanted(checked.name)  # who was just taking it away has done so by then
    return write_checked(checked)


def write_checked(checked: CheckedFile) -> CheckedFile:
    """Do so without the database: for threads, who would each have a connection, outside of the transaction.

    Whoever gathers what they wrote asks `find_kept` which of these files stay.
    """
    is_there = default_storage.exists(checked.name)
    if not is_there or default_storage.size(checked.name) != len(checked.content):  # cut short, or with its metadata
        write_picture(checked.name, checked.content)
    return checked.without_content()


def write_picture(name: str, content: bytes) -> None:
    """Store `content` under `name`, in place of what is there."""
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:  # a bucket, where a new object takes the place of the old one at once
        if default_storage.exists(name):
            default_storage.delete(name)
        default_storage.save(name, ContentFile(content))
    else:
        write_whole(path, content)


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
