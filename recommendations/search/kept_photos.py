"""Photos that were searched with, kept for a while under a name that nobody can guess: to be searched again."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core.cache import cache

KEPT_SIDE_PX = 1280  # of its longer side: a quarter of it still is as large as encoders look at
NAME_LENGTH = 22


def keep_photo(photo: bytes) -> str:
    """Keep a photo made by `prepare_photo` for KINDRED_PHOTO_KEEP_S; return its name, empty where none is kept."""
    seconds = int(settings.KINDRED_PHOTO_KEEP_S)
    if seconds <= 0:
        return ""
    name = secrets.token_urlsafe(16)
    cache.set(key_of(name), photo, seconds)
    return name


def find_photo(name: str) -> bytes | None:
    """Return a photo that is kept, None where it is not, or no longer."""
    if len(name) != NAME_LENGTH or not name.isascii():
        return None
    photo = cache.get(key_of(name))
    return photo if isinstance(photo, bytes) else None


def key_of(name: str) -> str:
    return f"search-photo:{name}"
