"""Texts of strangers as Postgres takes them: without NUL, and without halves of surrogate pairs."""

from __future__ import annotations


def as_stored(text: str) -> str:
    """Return what can be kept of a text."""
    return text.replace("\0", "").encode(errors="replace").decode()
