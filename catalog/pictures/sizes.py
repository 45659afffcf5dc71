"""Pictures in the sizes that cards and pages need: WebP, made on first request and kept beside the originals."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from django.conf import settings
from PIL import Image

from catalog.models import ProductImage
from catalog.pictures.colours import lay_on_ground, vanishes_on_white
from catalog.pictures.decoding import decode_picture
from catalog.pictures.storage import write_whole

WIDTHS = (160, 320, 640)  # pixels
WEBP_QUALITY = 82


def sized_picture_path(image: ProductImage, *, width: int) -> Path:
    """Return the file with `image` at most `width` pixels wide, making it if nobody has asked before.

    Raises FileNotFoundError when the original is gone, and PictureError when it cannot be decoded.
    """
    path = find_sized_path(image, width=width)
    if not path.exists():
        with image.file.open("rb") as original:
            content = make_sized(original.read(), width=width)
        write_whole(path, content)
    return path


def find_sized_path(image: ProductImage, *, width: int) -> Path:
    """Return where the file is or would be."""
    return _place(image.sha256, width=width)


def list_sized_paths(sha256: str) -> list[Path]:
    """Return where all sizes of a picture are or would be."""
    return [_place(sha256, width=width) for width in WIDTHS]


def _place(sha256: str, *, width: int) -> Path:
    return Path(settings.MEDIA_ROOT) / "sized" / str(width) / sha256[:2] / f"{sha256}.webp"


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
