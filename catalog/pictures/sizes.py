"""Pictures in the sizes that cards and pages need: WebP, made on first request and kept beside the originals."""

from __future__ import annotations

from io import BytesIO

from django.core.files.storage import default_storage
from PIL import Image

from catalog.files import read_file, write_file
from catalog.models import ProductImage
from catalog.pictures.colours import lay_on_ground, vanishes_on_white
from catalog.pictures.decoding import decode_picture

WIDTHS = (160, 320, 640)  # pixels
WEBP_QUALITY = 82


def read_sized(image: ProductImage, *, width: int) -> bytes:
    """Return `image` at most `width` pixels wide, making and keeping it if nobody has asked before. Some 20 kB.

    Raises FileNotFoundError when the original is gone, and PictureError when it cannot be decoded.
    """
    name = _name(image.sha256, width=width)
    try:
        return read_file(name)
    except FileNotFoundError:
        content = make_sized(read_file(image.file.name or ""), width=width)
    write_file(name, content)
    return content


def forget_sizes(sha256: str) -> None:
    """Delete all sizes of a picture that there are."""
    for width in WIDTHS:
        default_storage.delete(_name(sha256, width=width))


def _name(sha256: str, *, width: int) -> str:
    return f"sized/{width}/{sha256[:2]}/{sha256}.webp"


def make_sized(original: bytes, *, width: int) -> bytes:
    """Return the picture as WebP, upright, in sRGB, never enlarged. Raises PictureError.

    Transparency stays, but for what would vanish on the white of a card.
    """
    shown = decode_picture(original, enough=2 * width)
    shown.thumbnail((width, width * 4), Image.Resampling.LANCZOS)
    if shown.mode == "RGBA" and vanishes_on_white(shown):
        shown = lay_on_ground(shown)
    buffer = BytesIO()
    shown.save(buffer, "WEBP", quality=WEBP_QUALITY, method=4)
    return buffer.getvalue()
