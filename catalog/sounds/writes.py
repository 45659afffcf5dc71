"""Adding sounds to products. Those of a URL are fetched by the worker that fetches pictures."""

from __future__ import annotations

from typing import Any

from catalog.models import Product, ProductAudio
from catalog.pictures.arranging import SOUNDS, add_one
from catalog.sounds.checks import check_sound


def add_sound(
    product: Product, *, source: Any, position: int | None = None, source_url: str = ""
) -> tuple[ProductAudio, bool]:
    """Add the sound in `source` (bytes or a file), which is from `source_url`. Return it, and whether it is new.

    The same sound is kept once per product: a repeated upload changes no more than where it is from. Raises SoundError.
    """
    return add_one(product, SOUNDS, check_sound(source), position=position, source_url=source_url)
