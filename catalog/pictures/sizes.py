"""Pictures in the sizes that cards and pages need: WebP, made on first request and kept beside the originals."""

from __future__ import annotations

import os
import tempfile
from io import BytesIO
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageOps

from catalog.models import ProductImage
from catalog.pictures.checks import FORMATS

WIDTHS = (160, 320, 640)  # pixels
WEBP_QUALITY = 82


def sized_picture_path(image: ProductImage, *, width: int) -> Path:
    """Return the file with `image` at most `width` pixels wide, making it if nobody has asked before.

    Raises FileNotFoundError when the original is gone.
    """
    path = Path(settings.MEDIA_ROOT) / "sized" / str(width) / image.sha256[:2] / f"{image.sha256}.webp"
    if not path.exists():
        with image.file.open("rb") as original:
            content = make_sized(original.read(), width=width)
        _write_whole(path, content)
    return path


def make_sized(original: bytes, *, width: int) -> bytes:
    """Return the picture as WebP, turned as its EXIF says, never enlarged, with its transparency."""
    with Image.open(BytesIO(original), formats=list(FORMATS)) as image:
        image.draft("RGB", (width * 2, width * 2))  # JPEG only: decode at about the size that is needed
        shown = ImageOps.exif_transpose(image)
        shown = shown.convert("RGBA" if shown.has_transparency_data else "RGB")
    shown.thumbnail((width, width * 4), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    shown.save(buffer, "WEBP", quality=WEBP_QUALITY, method=4)
    return buffer.getvalue()


def _write_whole(path: Path, content: bytes) -> None:
    """Write so that a reader sees the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)
