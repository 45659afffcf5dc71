"""Picture files to RGB pictures: whatever people upload, upright, opaque, in sRGB and of bounded size."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from catalog.pictures.colours import lay_on_ground
from catalog.pictures.decoding import PictureError
from catalog.pictures.decoding import decode_picture as decode_any
from embeddings.encoders.files import UnusableFile, load_file

MAX_BYTES = 64 * 1024 * 1024


class UnusablePicture(UnusableFile):
    """The file is no picture that can be encoded."""


def load_picture(load: Callable[[], bytes], *, wanted_side: int) -> Image.Image:
    """Return the picture that `load` gives as RGB, upright, without transparency. Raise UnusableFile.

    `wanted_side` is how many pixels its shorter side is needed in: a picture several times larger is decoded at a
    fraction of its size, never below twice `wanted_side`, which is many times faster.
    """
    content = load_file(load, what="picture")
    if len(content) > MAX_BYTES:
        raise UnusablePicture(
            f"The picture's file has {len(content) / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f}: "
            "upload a smaller one."
        )
    return decode_picture(content, wanted_side=wanted_side)


def decode_picture(content: bytes, *, wanted_side: int) -> Image.Image:
    """Return the picture in `content`; see load_picture."""
    try:
        return lay_on_ground(decode_any(content, enough=2 * wanted_side))
    except PictureError as error:
        message = str(error)
        raise UnusablePicture(f"{message[0].upper()}{message[1:]}.") from error
