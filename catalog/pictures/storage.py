"""Keeping pictures and sounds that have passed their check, under the names of their contents."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar

from django.core.files.storage import default_storage

from catalog.files import write_file
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
    try:
        is_whole = default_storage.size(checked.name) == len(checked.content)  # else cut short, or with its metadata
    except FileNotFoundError:
        is_whole = False
    if not is_whole:
        write_file(checked.name, checked.content)
    return checked.without_content()
