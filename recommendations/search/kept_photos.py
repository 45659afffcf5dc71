"""Photos and sounds that were searched with, kept for a while under names that nobody can guess: to search again."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from PIL import Image

KEPT_SIDE_PX = 1280  # of its longer side: a quarter of it still is as large as encoders look at
NAME_LENGTH = 22
MOST_SOUND_BYTES = 4 * 1024**2  # 20 seconds of studio quality


def keep_photo(photo: bytes) -> str:
    """Keep a photo made by `prepare_photo` for KINDRED_PHOTO_KEEP_S; return its name, empty where none is kept."""
    return _keep(photo, key_of)


def keep_sound(sound: bytes) -> str:
    """Keep a sound made by `prepare_sound` as long as a photo; return its name, empty where none is kept."""
    return _keep(sound, key_of_sound) if len(sound) <= MOST_SOUND_BYTES else ""


def _keep(content: bytes, key: Callable[[str], str]) -> str:
    seconds = int(settings.KINDRED_PHOTO_KEEP_S)
    if seconds <= 0:
        return ""
    name = secrets.token_urlsafe(16)
    cache.set(key(name), content, seconds)
    return name


def find_photo(name: str) -> bytes | None:
    """Return a photo that is kept, None where it is not, or no longer."""
    return _find(name, key_of)


def find_sound(name: str) -> bytes | None:
    """Return a sound that is kept, None where it is not, or no longer."""
    return _find(name, key_of_sound)


def _find(name: str, key: Callable[[str], str]) -> bytes | None:
    if len(name) != NAME_LENGTH or not name.isascii():
        return None
    content = cache.get(key(name))
    return content if isinstance(content, bytes) else None


def fit_photo(photo: bytes, *, side_px: int) -> tuple[int, int]:
    """Return width and height in pixels of a photo of ours, its longer side `side_px` at most. Nothing is decoded."""
    with Image.open(io.BytesIO(photo)) as picture:
        scale = min(1.0, side_px / max(picture.size))
        return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def key_of(name: str) -> str:
    return f"search-photo:{name}"


def key_of_sound(name: str) -> str:
    return f"search-sound:{name}"
