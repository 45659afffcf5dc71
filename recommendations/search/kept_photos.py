"""Photos that were searched with, kept for a while under a name that nobody can guess: to be searched again."""

from __future__ import annotations

import io
import secrets

from django.conf import settings
from django.core.cache import cache
from PIL import Image

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


def fit_photo(photo: bytes, *, side_px: int) -> tuple[int, int]:
    """Return width and height in pixels of a photo of ours, its longer side `side_px` at most. Nothing is decoded."""
    with Image.open(io.BytesIO(photo)) as picture:
        scale = min(1.0, side_px / max(picture.size))
        return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def key_of(name: str) -> str:
    return f"search-photo:{name}"
