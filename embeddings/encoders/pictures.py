"""Picture files to RGB pictures: whatever people upload, upright, opaque and of bounded size."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 64_000_000  # 192 MB once decoded; a small file can claim far more (a decompression bomb)
WHITE = (255, 255, 255, 255)


class UnusablePicture(ValueError):
    """The file is no picture that can be encoded. The message says why and what to do."""


def load_picture(load: Callable[[], bytes], *, wanted_side: int) -> Image.Image:
    """Return the picture that `load` gives as RGB, upright, without transparency. Raise UnusablePicture.

    `wanted_side` is how many pixels its shorter side is needed in: a JPEG several times larger is decoded at a half, a
    quarter or an eighth of its size, never below twice `wanted_side`, which is many times faster.
    """
    try:
        content = load()
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UnusablePicture(f"The picture's file cannot be read ({error}): upload it again.") from error
    if not content:
        raise UnusablePicture("The picture's file is empty: upload it again.")
    if len(content) > MAX_BYTES:
        raise UnusablePicture(
            f"The picture's file has {len(content) / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f}: "
            "upload a smaller one."
        )
    return decode_picture(content, wanted_side=wanted_side)


def decode_picture(content: bytes, *, wanted_side: int) -> Image.Image:
    """Return the picture in `content`; see load_picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is the one that holds
            picture = Image.open(io.BytesIO(content))
            _refuse_too_large(picture)
            picture.draft(None, (2 * wanted_side, 2 * wanted_side))
            picture.load()
            return flatten(ImageOps.exif_transpose(picture))
    except UnusablePicture:
        raise
    except UnidentifiedImageError as error:
        raise UnusablePicture("The file is not a picture of a known format: upload a JPEG, PNG or WebP.") from error
    except Image.DecompressionBombError as error:
        raise UnusablePicture(f"The picture has far too many pixels ({error}): upload a smaller one.") from error
    # Pillow's decoders raise these, and each other's, for files that are cut short or damaged.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, MemoryError) as error:
        raise UnusablePicture(f"The picture is damaged ({error}): upload it again.") from error


def _refuse_too_large(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise UnusablePicture(
            f"The picture has {width} x {height} pixels, more than {MAX_PIXELS // 1_000_000} million: "
            "upload a smaller one."
        )


def flatten(picture: Image.Image) -> Image.Image:
    """Return `picture` as RGB: transparency on white, deep greys scaled to 8 bits, the first frame of an animation."""
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        return _eight_bits(picture).convert("RGB")
    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info:
        opaque = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", opaque.size, WHITE), opaque).convert("RGB")
    return picture.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Scale a 16 or 32 bit grey picture to 8 bits; Pillow's own convert() would cut it off at 255."""
    values = np.asarray(picture, dtype=np.float64)
    highest = 65535.0 if picture.mode.startswith("I") else max(1.0, float(np.nan_to_num(values).max()))
    grey = np.nan_to_num(values) * (255.0 / highest)
    return Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8))
